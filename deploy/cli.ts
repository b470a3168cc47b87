/** The command line: parses the arguments, runs the command, and exits with its code. */
import { CommanderError } from 'commander';
import { program } from './commands/program';
import { printError } from './commands/run-command';
import { KnownError } from './core/errors';
import { adaptSigns } from './os/terminal';

/** Reports a usage error like any other: a code, one sentence and one hint. */
function leave(error: unknown): never {
  if (error instanceof KnownError) {
    printError({ json: process.argv.includes('--json') }, error);
    process.exit(1);
  }
  if (!(error instanceof CommanderError)) throw error;
  const asked = error.code.startsWith('commander.help');
  if (!asked) {
    const message = error.message.replace(/^error: /, '').replace(/\.?$/, '.');
    const known = new KnownError('E_USAGE', message, 'List all commands: ./switchyard --help');
    printError({ json: process.argv.includes('--json') }, known);
  }
  process.exit(error.exitCode);
}

if (!process.argv.includes('--json')) adaptSigns([process.stdout, process.stderr]);
program.parseAsync().catch(leave);
