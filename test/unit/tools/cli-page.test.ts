import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { program } from '../../../deploy/commands/program';
import { completionCommand } from '../../../deploy/commands/completion';
import { commandsText } from '../../../tools/cli-page';

const page = readFileSync(path.resolve(__dirname, '../../../docs/cli.md'), 'utf8');

test('docs/cli.md has every command with its arguments and options', () => {
  expect(page).toContain(`<!-- commands:begin -->\n${commandsText()}\n<!-- commands:end -->`);
});

test.each(['bash', 'zsh', 'fish'])('the completions of %s have every command and option', (shell) => {
  const print = jest.spyOn(console, 'log').mockImplementation(() => undefined);
  expect(completionCommand(shell, program)).toBe(0);
  const script = String(print.mock.calls[0]?.[0]);
  print.mockRestore();
  for (const command of program.commands) {
    expect(script).toContain(command.name().replace(':', shell === 'zsh' ? '\\:' : ':'));
    for (const { long } of command.options) expect(script).toContain(long?.slice(2));
  }
});

test.each([
  [
    ['switchyard', 'dep'],
    ['deploy', 'deploy:blue', 'deploy:green'],
  ],
  [['./switchyard', 'env', 'un'], ['unset']],
  [['switchyard', 'deploy', '--st'], ['--strategy']],
])('bash completes %j', (words, expected) => {
  const print = jest.spyOn(console, 'log').mockImplementation(() => undefined);
  completionCommand('bash', program);
  const script = String(print.mock.calls[0]?.[0]);
  print.mockRestore();
  const typed = words.map((word) => `'${word}'`).join(' ');
  const ask = `${script}\nCOMP_WORDS=(${typed}); COMP_CWORD=${words.length - 1}; _switchyard; printf '%s\\n' "\${COMPREPLY[@]}"`;
  expect(execFileSync('bash', ['-c', ask], { encoding: 'utf8' }).trim().split('\n')).toEqual(expected);
});

test('an unknown shell is refused with the known ones', () => {
  expect(() => completionCommand('tcsh', program)).toThrow('There are no completions for "tcsh".');
});
