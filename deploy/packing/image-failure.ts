/** Why an image could not be built, and whose fault it is, from what the builder wrote last. Pure. */
import { KnownError } from '../core/errors';
import { tellingLine } from '../core/telling';
import { installFailure, isDiskFull } from '../pipeline/install-failure';

/** `#14 0.871 ` in front of what a step says. */
const STEP = /^#\d+ (\d+\.\d+ )?/;
/** The builder's own frame around it. */
const FRAME = /^(-{4,}|>? ?\[[^\]]+\]|ERROR: |CANCELED|DONE|CACHED|\.\.\.|failed to solve|> \[)/;
/** The builder's last word names the command that has failed. */
const COMMAND = /(executor failed running|process) .*/;
/** The base image could not be fetched. */
const MACHINE =
  /failed to (do request|authorize|fetch|resolve|copy)|no such host|i\/o timeout|TLS handshake|toomanyrequests|connection refused/i;
const ENGINE = /Cannot connect to the Docker daemon|error during connect|unexpected EOF|closing transport/i;

/** @param lines oldest first */
export function imageFailure(lines: string[], deploymentId: number): KnownError {
  const command = lines.findLast((line) => COMMAND.test(line)) ?? '';
  const plain = lines.map((line) => line.trim().replace(STEP, ''));
  const said = plain.filter((line) => line !== '' && !FRAME.test(line) && !COMMAND.test(line));
  if (/npm ci/.test(command)) return installFailure(1, said);
  const own = command === '' ? plain : said;
  const why = tellingLine(own);
  const message = `The image could not be built${why && `: ${why}`}`;
  if (isDiskFull(lines)) return new KnownError('E_DISK', message);
  if (ENGINE.test(why)) return new KnownError('E_ENGINE', message);
  if (command === '' && MACHINE.test(why)) return new KnownError('E_INSTALL_MACHINE', message);
  const hint = `Read its output: npm run -s logs -- ${deploymentId}`;
  return new KnownError(/npm run/.test(command) ? 'E_BUILD' : 'E_IMAGE', message, hint);
}
