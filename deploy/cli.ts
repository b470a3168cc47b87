/** The command line: parses the arguments, runs the command, and exits with its code. */
import { Command, CommanderError } from 'commander';
import type { Options } from './commands/run-command';
import { answer, sayError } from './commands/run-command';
import { KnownError } from './core/errors';

const program = new Command('switchyard')
  .description('From git push to live traffic on this machine, without losing a request.')
  .configureOutput({ outputError: () => undefined })
  .exitOverride();

// each command loads its module only when called, which keeps quick commands quick
program
  .command('start')
  .description('set everything up and serve; what was live comes back')
  .option('--check', 'say whether it could, and change nothing')
  .action(async ({ check }: { check?: boolean }) => {
    if (check) {
      const { checkStart } = await import('./setup/check-start');
      return answer({ json: true }, () => checkStart());
    }
    const { startCommand } = await import('./setup/start');
    await answer({}, () => startCommand());
  });
command('stop', 'end everything that npm start has started').action(async (options: Options) => {
  const { stopCommand } = await import('./setup/stop');
  await answer(options, () => stopCommand(options));
});
deploy('deploy', null, 'make a commit live (default: HEAD of the clone you stand in)');
deploy('deploy:blue', 'blue', 'the same in blue, also when green serves this commit already');
deploy('deploy:green', 'green', 'the same in green, also when blue serves this commit already');
for (const wish of ['promote', 'abort'] as const) {
  const description = {
    promote: 'give a release that is held, or a canary, to all users',
    abort: 'end a deployment at whatever step it is, and take it back; or take one out of the queue',
  }[wish];
  command(wish, description)
    .argument('[id]', "the deployment's number (default: the one at work)")
    .action(async (id: string | undefined, options: Options) => {
      const { promoteCommand, abortCommand } = await import('./commands/operator');
      await answer(options, () => (wish === 'promote' ? promoteCommand : abortCommand)(id, options));
    });
}
for (const wish of ['pause', 'resume'] as const) {
  const description = {
    pause: 'keep a canary at the share that it has',
    resume: 'let a canary that waits go on with its steps',
  }[wish];
  command(wish, description)
    .argument('[id]', "the deployment's number (default: the one at work)")
    .action(async (id: string | undefined, options: Options) => {
      const { pauseCommand, resumeCommand } = await import('./commands/operator');
      await answer(options, () => (wish === 'pause' ? pauseCommand : resumeCommand)(id, options));
    });
}
command('rollback', 'make an earlier release live again (default: the last good one before)')
  .argument('[sha]', 'a commit that was live before')
  .action(async (sha: string | undefined, options: Options) => {
    const { rollbackCommand } = await import('./commands/rollback');
    await answer(options, () => rollbackCommand(sha, options));
  });
command('status', 'what serves now; exit code 0 when all is well').action(async (options: Options) => {
  const { statusCommand } = await import('./commands/status');
  await answer(options, () => statusCommand(options));
});
command('doctor', 'look at every link of the chain and say how to fix what is broken').action(
  async (options: Options) => {
    const { doctorCommand } = await import('./commands/doctor');
    await answer(options, () => doctorCommand(options));
  },
);
command('history', 'what was deployed, and what happened')
  .option('-n, --limit <count>', 'how many deployments')
  .action(async (options: Options) => {
    const { historyCommand } = await import('./commands/history');
    await answer(options, () => historyCommand(options));
  });
command('logs', 'the last lines of a slot, a deployment, the deployer or nginx')
  .argument('[what]', "blue, green, deployer, nginx or a deployment's number (default: the slot that serves)")
  .option('-n, --lines <count>', 'how many lines')
  .action(async (what: string | undefined, options: Options) => {
    const { logsCommand } = await import('./commands/logs');
    await answer(options, () => logsCommand(what, options));
  });

const env = program.command('env').description("the app's own environment; values are never shown");
command('set', 'set variables, and make the release that serves live with them', env)
  .argument('[variables...]', 'NAME=value; or NAME, whose value is then read from standard input')
  .option('--file <file>', 'take the variables of a file such as .env')
  .option('--later', 'let them wait for the next deployment')
  .action(async (variables: string[], options: Options) => {
    const { envSetCommand } = await import('./commands/env');
    await answer(options, () => envSetCommand(variables, options));
  });
command('unset', 'the same without these variables', env)
  .argument('<names...>', 'their names')
  .option('--later', 'let it wait for the next deployment')
  .action(async (names: string[], options: Options) => {
    const { envUnsetCommand } = await import('./commands/env');
    await answer(options, () => envUnsetCommand(names, options));
  });
command('apply', 'do now what waits for the next deployment', env).action(async (options: Options) => {
  const { envApplyCommand } = await import('./commands/env');
  await answer(options, () => envApplyCommand(options));
});
command('list', 'which variables are set, and when', env).action(async (options: Options) => {
  const { envListCommand } = await import('./commands/env');
  await answer(options, () => Promise.resolve(envListCommand(options)));
});

const notify = program.command('notify').description('who is told of deployments');
command('test', 'send one notification to everybody, and say what came back', notify).action(
  async (options: Options) => {
    const { notifyTestCommand } = await import('./commands/notify');
    await answer(options, () => notifyTestCommand(options));
  },
);

function command(name: string, description: string, parent = program): Command {
  return parent.command(name).description(description).option('--json', 'answer with JSON');
}

function deploy(name: string, slot: string | null, description: string): void {
  command(name, description)
    .argument('[ref]', 'a commit, branch or tag')
    .option('--hold', 'stop when it is verified, so that you can try it; then promote or abort')
    .option('--strategy <name>', 'how traffic moves to it: in-place, rolling, blue-green or canary')
    .option('--plan', 'print the steps and the undo of each, and change nothing')
    .action(async (ref: string | undefined, options: Options) => {
      const { deployCommand } = await import('./commands/deploy');
      await answer(options, () => deployCommand(ref, slot, options));
    });
}

/** Reports a usage error like any other: a code, one sentence and one hint. */
function leave(error: unknown): never {
  if (!(error instanceof CommanderError)) throw error;
  const asked = error.code.startsWith('commander.help');
  if (!asked) {
    const message = error.message.replace(/^error: /, '').replace(/\.?$/, '.');
    const known = new KnownError('E_USAGE', message, 'See every command: npx switchyard --help');
    sayError({ json: process.argv.includes('--json') }, known);
  }
  process.exit(error.exitCode);
}

program.parseAsync().catch(leave);
