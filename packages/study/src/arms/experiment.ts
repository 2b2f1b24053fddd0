/**
 * What a study of arms is: ways to train the same network on the same task, each with the same seeds. Whoever
 * writes such an experiment says what one run is; running them all, going on later, statistics, figures and the
 * command line come from here.
 */

import type { RecordPlace } from '../recording/place.ts'
import type { Rule } from '../rules.ts'

/** One way to do it. */
export interface Arm {
  /** Short and stable: file names, `--arms` and `runs.jsonl` know it by this, such as `sal-before`. */
  readonly id: string
  /** A few words for tables and legends. */
  readonly label: string
  /** A sentence: what is done before and during learning. */
  readonly description: string
}

/** A setting's rule, and its words on the command line. A text setting with the default '' must be given. */
export type SettingRule<Value> = Rule<Value> & {
  /** For --help, such as `SAL's step size before learning`. */
  readonly about: string
}

/** The rule of each setting. The flag of `salRate` is `--sal-rate`. */
export type SettingRules<Settings> = {
  readonly [Name in keyof Settings]: SettingRule<Settings[Name]>
}

/** An experiment whose arms are compared. Settings are a flat record of numbers and words. */
export interface ArmsStudy<Settings extends object> {
  /** The command and the output folder, such as `deep-300`. */
  readonly name: string
  readonly title: string
  /** One sentence, ending in a question mark. */
  readonly question: string
  /** A few sentences: the network, the task, the data, how a run goes. For the report. */
  readonly description: string
  /** `import.meta.url` of the file whose default export this study is: workers load it there. */
  readonly file: string
  readonly arms: readonly Arm[]
  /** The arm that the others are compared with. */
  readonly reference: string
  /** How many seeds unless told otherwise. */
  readonly seeds: number
  readonly defaults: Settings
  readonly rules: SettingRules<Settings>
  /** What --quick puts in the place of the defaults. */
  readonly quick: { readonly seeds: number; readonly settings: Partial<Settings> }
  /** When a run has succeeded, in words: `accuracy 1 and loss below 0.1 at a probe`. */
  readonly success: string
  /** What `gradientNorms` and `logSensitivity` of a profile go along. */
  readonly along: 'layer' | 'time step'
  /** The loss of guessing, drawn as a line; none when left out. */
  readonly chance?: number
  /**
   * Refuses settings that break a rule between two of them, or whose file cannot be used. Called once before
   * any run, after each setting has passed its own rule.
   *
   * @throws SettingsError
   */
  check?(settings: Settings): void
  /** Settings that can be run but are likely to disappoint, one sentence each with its rule. */
  doubts?(settings: Settings): string[]
  /**
   * What else results depend on, such as the hash of a data file: runs of an interrupted study are taken up only
   * where it is the same.
   */
  fingerprint?(settings: Settings): string
  /** The most iterations of a run. */
  iterations(settings: Settings): number
  /** How long a run takes against the others', in any unit; the dearest begin first. By default all are alike. */
  cost?(arm: string, settings: Settings): number
  /** Whether runs record themselves where `watch.record` asks for it; `--record` is refused where they do not. */
  readonly canRecord?: boolean
  /** One run. Its result depends on arm, seed and settings alone. */
  run(arm: string, seed: number, settings: Settings, watch: Watch): ArmRun | Promise<ArmRun>
}

/** What a run can ask and say while it goes on. */
export interface Watch {
  /** Whether someone asked to stop; a run then returns within a second what it has, as `interrupted`. */
  stopped(): boolean
  /** Iterations done so far, steps before learning included as its writer sees fit; as often as one likes. */
  progress(iteration: number): void
  /** Where the run is to leave records of what its gradients did; missing where it is not to be recorded. */
  readonly record?: RecordPlace | undefined
}

/** One training run. Numbers may be infinite or NaN where the computation was. */
export interface ArmRun {
  arm: string
  seed: number
  status: 'finished' | 'interrupted'
  success: boolean
  /** Iterations at success; where there was none, iterations done: the run is censored there. */
  iterations: number
  /** Probes in the order of their iterations, the first at 0 before learning. */
  curve: Point[]
  /** A few over training, in the order of their iterations; those before learning have `stage: 'start'`. */
  profiles: Profile[]
  /** Each neuron's sensitivity before anything was done, and at the end. */
  sensitivities: { start: number[]; end: number[] }
  /** Norm of the loss's gradient in the first layer (or step) over that in the last, computed in float64. */
  gradientRatio: {
    start: number
    /** After what is done before learning; equal to `start` where that is nothing. */
    prepared: number
    end: number
  }
  /** Anything a reader should know, such as the iteration at which the loss was no number. */
  note?: string
}

/** What a probe saw. */
export interface Point {
  iteration: number
  /** Mean loss over the training set, in nats. */
  loss: number
  /** Share of the training set, from 0 to 1. */
  accuracy: number
  testAccuracy?: number
}

/** The network from its first layer (or time step) to its last, at one moment. */
export interface Profile {
  /** `start`: before anything was done. `prepared`: after the steps before learning. */
  stage: 'start' | 'prepared' | 'learning' | 'end'
  iteration: number
  /** Norm of the loss's gradient with respect to each layer's output (or each step's state). */
  gradientNorms: number[]
  /** ln of the RMS sensitivity over the neurons of each layer (or over all neurons at each step). */
  logSensitivity: number[]
}
