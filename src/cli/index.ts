/**
 * cli: the command line. Owns the table of commands, help, parsing, terminal output and exit codes.
 * Must not wire adapters: what it needs from outside comes in as `CliPorts`.
 * Keeps: data goes to stdout and everything else to stderr; data never steers the terminal; `--help` loads no
 * command body.
 */
export type { CliPorts, CliWorld, DaemonHandle, DaemonOptions } from './context.ts';
export { runCli } from './run-cli.ts';
