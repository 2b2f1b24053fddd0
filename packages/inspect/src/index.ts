/**
 * Reading what a gradient did: tapes as tables and graphs, rules with their numbers, flow, and the ledger of every update.
 *
 * @packageDocumentation
 */

export {}
