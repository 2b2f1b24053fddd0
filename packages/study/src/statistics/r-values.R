# What R says of small samples. Run: Rscript r-values.R > r-values.test-data.ts, then format it.
suppressMessages(library(survival))

text <- function(x) ifelse(is.na(x), "null", formatC(x, digits = 17, width = 1, format = "g"))
list_of <- function(x) paste0("[", paste(text(x), collapse = ", "), "]")
object <- function(...) {
  fields <- c(...)
  paste0("{ ", paste0('"', names(fields), '": ', fields, collapse = ", "), " }")
}
array <- function(items) paste0("[\n    ", paste(items, collapse = ",\n    "), "\n  ]")

samples <- list(
  plain = list(c(150, 150, 200, 300, 150), c(1, 1, 1, 1, 1)),
  half = list(c(100, 200, 300, 400), c(1, 1, 1, 1)),
  half_at_the_end = list(c(100, 200, 1500, 1500), c(1, 1, 0, 0)),
  never = list(c(1500, 1500, 1500), c(0, 0, 0)),
  one = list(c(700, 1500, 1500, 1500, 1500), c(1, 0, 0, 0, 0)),
  mixed = list(c(300, 325, 400, 525, 525, 700, 1025, 2000, 2000, 90), c(1, 1, 1, 1, 0, 1, 1, 0, 0, 0)),
  ties = list(c(25, 25, 25, 50, 50, 75, 75, 2000), c(1, 1, 0, 1, 1, 1, 0, 0))
)

survived <- sapply(names(samples), function(name) {
  time <- samples[[name]][[1]]
  event <- samples[[name]][[2]]
  fit <- survfit(Surv(time, event) ~ 1, conf.type = "log-log")
  at <- fit$n.event > 0
  median <- summary(fit)$table[c("median", "0.95LCL", "0.95UCL")]
  object(
    name = paste0('"', name, '"'), times = list_of(time), events = list_of(event),
    at = list_of(fit$time[at]), atRisk = list_of(fit$n.risk[at]), happened = list_of(fit$n.event[at]),
    survival = list_of(fit$surv[at]), lower = list_of(fit$lower[at]), upper = list_of(fit$upper[at]),
    median = text(unname(median[1])), medianInterval = list_of(unname(median[2:3]))
  )
})

pairs <- list(c("plain", "mixed"), c("mixed", "ties"), c("one", "half"), c("plain", "never"), c("ties", "plain"))
compared <- sapply(pairs, function(pair) {
  a <- samples[[pair[1]]]
  b <- samples[[pair[2]]]
  group <- c(rep(1, length(a[[1]])), rep(2, length(b[[1]])))
  test <- survdiff(Surv(c(a[[1]], b[[1]]), c(a[[2]], b[[2]])) ~ group)
  object(
    first = paste0('"', pair[1], '"'), second = paste0('"', pair[2], '"'),
    statistic = text(test$chisq), p = text(pchisq(test$chisq, 1, lower.tail = FALSE)),
    ratio = text(test$obs[1] / test$exp[1])
  )
})

counts <- list(c(0, 5), c(5, 5), c(1, 5), c(3, 8), c(7, 8), c(0, 1), c(37, 100))
intervals <- sapply(counts, function(n) {
  test <- suppressWarnings(prop.test(n[1], n[2], correct = FALSE))
  object(successes = text(n[1]), trials = text(n[2]), interval = list_of(test$conf.int))
})

places <- expand.grid(x = c(1e-6, 0.01, 0.5, 1, 3.841458820694124, 7.9, 8.1, 20, 100, 700), freedom = c(1, 2, 3, 7, 10))
tails <- mapply(function(x, k) object(x = text(x), freedom = text(k), tail = text(pchisq(x, k, lower.tail = FALSE))),
  places$x, places$freedom)

p <- c(0.01, 0.04, 0.03, 0.005, 0.9, 0.03)
origin <- paste0(R.version.string, ", survival ", packageVersion("survival"))
cat(paste0(
  "/** ", origin, ". Written by r-values.R. */\n\nexport const r = {\n",
  '  "kaplanMeier": ', array(survived), ",\n",
  '  "logRank": ', array(compared), ",\n",
  '  "wilson": ', array(intervals), ",\n",
  '  "chiSquareTail": ', array(tails), ",\n",
  '  "holm": ', object(p = list_of(p), adjusted = list_of(p.adjust(p, "holm"))), ",\n}\n"
))
