/** Determines from the builder's last lines why an image build failed, and whose fault it is. Pure. */
import { KnownError } from '../../core/errors';
import { failureLine } from '../../core/failure-line';
import type { CommandExit, TimeLimit } from '../../core/machine-fault';
import { machineFault } from '../../core/machine-fault';
import type { AppSettings } from '../../core/release';
import { isDiskFull } from '../../os/disk-full';
import { installFailure } from '../packages/install-failure';

/** The prefix of a step's output: `#14 0.871 `, or `0.871 ` where the builder repeats it at the end. */
const STEP = /^(#\d+ )?(\d+\.\d+ )?/;
/** The builder's own lines around that output. */
const FRAME =
  /^(-{4,}|>? ?\[[^\]]+\]|ERROR: |CANCELED|DONE|CACHED|\.\.\.|failed to solve|exporting |transferring )/;
/** The builder's last line names the Dockerfile command that failed, and its exit code. */
const COMMAND = /(executor failed running|process) .*exit code: (\d+)/;
/** The Dockerfile's message if the build did not create the file that app.start names. */
const NO_START = /^This commit has no .+, which app\.start names\.$/;
/** The builder's message if the base image could not be fetched. */
const MACHINE =
  /failed to (do request|authorize|fetch|resolve|copy)|no such host|i\/o timeout|TLS handshake|toomanyrequests|connection refused/i;
const ENGINE = /Cannot connect to the Docker daemon|error during connect|unexpected EOF|closing transport/i;

/**
 * @param end of the builder; the app's own commands ran inside it
 * @param unset see installFailure
 */
export function imageFailure(
  end: CommandExit,
  { build }: Pick<AppSettings, 'build'>,
  deploymentId: number,
  limit?: TimeLimit,
  unset: readonly string[] = [],
): KnownError {
  const plain = end.lastLines.map((line) => line.trim().replace(STEP, ''));
  const [command = '', , code] = COMMAND.exec(plain.findLast((line) => COMMAND.test(line)) ?? '') ?? [];
  const said = plain.filter((line) => line !== '' && !FRAME.test(line) && !COMMAND.test(line));
  const why = failureLine(said);
  if (end.timedOut || end.signal !== null) {
    const fault = machineFault('The image', { ...end, lastLines: plain }, limit);
    if (fault !== null) return fault;
  }
  const exitCode = Number(code ?? end.exitCode);
  const ended = { ...end, exitCode, lastLines: said };
  if (/npm ci/.test(command)) return installFailure(ended, undefined, unset);
  if (isDiskFull(plain)) return new KnownError('E_DISK', `The image could not be built: ${why}`);
  const hint = `Read its output: ./switchyard logs ${deploymentId}`;
  const lacking = /"\$START"/.test(command) && said.find((line) => NO_START.test(line));
  if (lacking) return new KnownError('E_BUILD', lacking, hint);
  const isBuild = /"\$BUILD"/.test(command);
  const what = `The build${build === null ? '' : ` (${build.join(' ')})`}`;
  const fault = command === '' ? null : machineFault(isBuild ? what : "The image's build", ended);
  if (fault !== null) return fault;
  if (isBuild)
    return new KnownError('E_BUILD', `${what} exited with code ${exitCode}${why && `: ${why}`}`, hint);
  return new KnownError(...elsewhere(plain, command === '' ? failureLine(plain) : why), hint);
}

/** A failure outside the app's own commands: in the Dockerfile, its base image, or the engine. */
function elsewhere(lines: string[], why: string): ['E_ENGINE' | 'E_INSTALL_MACHINE' | 'E_IMAGE', string] {
  const message = `The image could not be built${why && `: ${why}`}`;
  if (lines.some((line) => ENGINE.test(line))) return ['E_ENGINE', message];
  return [MACHINE.test(why) ? 'E_INSTALL_MACHINE' : 'E_IMAGE', message];
}
