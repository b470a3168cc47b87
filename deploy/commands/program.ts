/** Defines the commands, their arguments and options. The help, the completions and docs/cli.md come from here. */
import { Command, Option } from 'commander';
import type { OperatorRequest } from '../core/deployment';
import { kitVersion } from '../home/clone-root';
import { speak } from '../reporters/words';
import type { Options } from './run-command';
import { runAndExit } from './run-command';

const language = (): Option =>
  new Option('--lang <language>', 'en or ko (default: as LC_ALL, LC_MESSAGES or LANG say)');

export const program = new Command('switchyard')
  .description('From git push to live traffic on this machine, without losing a request.')
  .configureOutput({ outputError: () => undefined })
  .version(kitVersion(), '-V, --version', 'print the version')
  .addOption(language())
  .enablePositionalOptions()
  .exitOverride()
  .hook('preAction', (_program, action) => speak(action.optsWithGlobals<{ lang?: string }>().lang));

// each command loads its module only when called, so that quick commands stay quick
command('start', 'set up everything and start; the release that was live is live again')
  .option('--check', 'check whether it could start, and change nothing')
  .action(async ({ check, ...options }: Options & { check?: boolean }) => {
    if (check) {
      const { checkStart } = await import('../setup/check-start');
      return runAndExit({ json: true }, () => checkStart());
    }
    const { startCommand } = await import('../setup/start');
    await runAndExit(options, () => startCommand(options));
  });
command('stop', 'stop everything that npm start has started').action(async (options: Options) => {
  const { stopCommand } = await import('../setup/stop');
  await runAndExit(options, () => stopCommand(options));
});
deploy('deploy', null, 'make a commit live (default: HEAD of the current clone)');
deploy('deploy:blue', 'blue', 'make a commit live in blue, even if green already runs it');
deploy('deploy:green', 'green', 'make a commit live in green, even if blue already runs it');
operation('promote', 'give a held release, or a canary, to all users');
operation('abort', 'abort a deployment at any step and undo it, or remove one from the queue');
operation('pause', 'keep a canary at its current share');
operation('resume', 'let a paused canary continue, and follow it');
command('rollback', 'make an earlier release live again (default: the previous good one)')
  .argument('[sha]', 'a commit that was live before')
  .option('--strategy <name>', 'in-place, rolling or blue-green (default: the way the active release came)')
  .option('--plan', 'print the steps and the undo of each, and change nothing')
  .action(async (sha: string | undefined, options: Options) => {
    const { rollbackCommand } = await import('./rollback');
    await runAndExit(options, () => rollbackCommand(sha, options));
  });
command('restart', 'give the live release new processes, without losing a request')
  .option(
    '--strategy <name>',
    'in-place, rolling or blue-green (default: whatever keeps all slots in service)',
  )
  .action(async (options: Options) => {
    const { restartCommand } = await import('./restart');
    await runAndExit(options, () => restartCommand(options));
  });
program
  .command('run')
  .description("run a command in the live release's folder, with the app's environment")
  .argument('<command...>', 'the program and its arguments: run -- node -v')
  .passThroughOptions()
  .action(async (argv: string[]) => {
    const { runCommand } = await import('./run');
    await runAndExit({}, () => runCommand(argv));
  });
command('diff', 'list the commits between what is live and HEAD')
  .argument('[ref]', 'a commit, branch or tag (default: HEAD)')
  .action(async (ref: string | undefined, options: Options) => {
    const { diffCommand } = await import('./diff');
    await runAndExit(options, () => diffCommand(ref, options));
  });
command('config', 'print every value of the configuration, and where it comes from').action(
  async (options: Options) => {
    const { configCommand } = await import('./config');
    await runAndExit(options, () => Promise.resolve(configCommand(options)));
  },
);
command('open', "print the app's address, and open it in a browser where there is one").action(
  async (options: Options) => {
    const { openCommand } = await import('./open');
    await runAndExit(options, () => Promise.resolve(openCommand(options)));
  },
);
command('status', 'show the active release; exit code 0 if it is healthy').action(
  async (options: Options) => {
    const { statusCommand } = await import('./status');
    await runAndExit(options, () => statusCommand(options));
  },
);
command('doctor', 'check every component and suggest a fix for each fault; changes nothing').action(
  async (options: Options) => {
    const { doctorCommand } = await import('./doctor');
    await runAndExit(options, () => doctorCommand(options));
  },
);
command('history', 'list deployments and incidents')
  .option('-n, --limit <count>', 'number of deployments')
  .action(async (options: Options) => {
    const { historyCommand } = await import('./history');
    await runAndExit(options, () => historyCommand(options));
  });
command('logs', 'show the last log lines of a slot, a deployment, the deployer or nginx')
  .argument('[what]', "blue, green, deployer, nginx or a deployment's number (default: the active slot)")
  .option('-n, --lines <count>', 'number of lines')
  .option('--since <time>', 'only lines since then: a duration such as 10m, 2h or 3d, or an ISO time')
  .option('-f, --follow', 'print new lines as they come, across restarts and rotations, until Ctrl-C')
  .option('--raw', 'leave in control sequences such as colours, which act on your terminal')
  .action(async (what: string | undefined, options: Options) => {
    const { logsCommand } = await import('./logs');
    await runAndExit(options, () => logsCommand(what, options));
  });

const env = program.command('env').description("the app's own environment; values are never shown");
command('set', 'set variables and start the active release again with them', env)
  .argument('[variables...]', 'NAME=value, or NAME to read its value from standard input')
  .option('--for <phases>', 'install, build or run, or several: --for install,build (default: run)', listed)
  .option('--file <file>', 'read the variables from a file such as .env')
  .option('--later', 'apply them with the next deployment')
  .action(async (variables: string[], options: Options) => {
    const { envSetCommand } = await import('./env');
    await runAndExit(options, () => envSetCommand(variables, options));
  });
command('unset', 'remove variables and start the active release again without them', env)
  .argument('<names...>', 'their names')
  .option('--for <phases>', 'only for install, build or run (default: for all)', listed)
  .option('--later', 'apply it with the next deployment')
  .action(async (names: string[], options: Options) => {
    const { envUnsetCommand } = await import('./env');
    await runAndExit(options, () => envUnsetCommand(names, options));
  });
command('apply', 'apply now what waits for the next deployment', env).action(async (options: Options) => {
  const { envApplyCommand } = await import('./env');
  await runAndExit(options, () => envApplyCommand(options));
});
command('list', 'list the variables and when each was set', env).action(async (options: Options) => {
  const { envListCommand } = await import('./env');
  await runAndExit(options, () => Promise.resolve(envListCommand(options)));
});

const secret = program.command('secret').description('the webhook secret');
command('rotate', 'replace it and print the new one, while the earlier one stays valid for a while', secret)
  .option('--keep <hours>', 'how long the earlier one stays valid, 0 to 168 (default: 24)')
  .action(async (options: Options) => {
    const { secretRotateCommand } = await import('./secret');
    await runAndExit(options, () => Promise.resolve(secretRotateCommand(options)));
  });

const notify = program.command('notify').description('notifications about deployments');
command('test', 'send a test notification to every configured receiver', notify).action(
  async (options: Options) => {
    const { notifyTestCommand } = await import('./notify');
    await runAndExit(options, () => notifyTestCommand(options));
  },
);

const SHELLS = ['bash', 'zsh', 'fish'];
program
  .command('completion')
  .description('print the script that completes commands and options in your shell')
  .argument('<shell>', SHELLS.join(', '))
  .action(async (shell: string) => {
    const { completionCommand } = await import('./completion');
    await runAndExit({}, () => Promise.resolve(completionCommand(shell, program)));
  });

function command(name: string, description: string, parent = program): Command {
  return parent
    .command(name)
    .description(description)
    .option('--json', 'answer with JSON')
    .addOption(language().hideHelp());
}

function operation(request: OperatorRequest, description: string): void {
  command(request, description)
    .argument('[id]', "the deployment's number (default: the running one)")
    .action(async (id: string | undefined, options: Options) => {
      const { operations } = await import('./operator');
      await runAndExit(options, () => operations[request](id, options));
    });
}

/** Collects the values of an option that may be repeated. */
function listed(words: string, earlier: string[] = []): string[] {
  return [...earlier, ...words.split(',').map((word) => word.trim())];
}

function deploy(name: string, slot: string | null, description: string): void {
  command(name, description)
    .argument('[ref]', 'a commit, branch or tag')
    .option('--hold', 'hold it once it is verified, so that you can try it; then promote or abort')
    .option('--strategy <name>', 'how traffic moves to it: in-place, rolling, blue-green or canary')
    .option('--plan', 'print the steps and the undo of each, and change nothing')
    .action(async (ref: string | undefined, options: Options) => {
      const { deployCommand } = await import('./deploy');
      await runAndExit(options, () => deployCommand(ref, slot, options));
    });
}
