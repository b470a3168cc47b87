/** The source: it can be read, it has the branch, and the branch's tip was deployed. */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { short } from '../core/format';
import type { Commit, Deployment } from '../core/types';
import { causeIn, gitEnvironment } from '../git/git';
import { sourceOf } from '../git/mirror';
import { withoutPassword } from '../git/shown';
import type { Home } from '../home';
import type { Judgement } from './finding';
import { fault, ok, warning, word } from './finding';
import type { Patient } from './patient';
import { ASK_MS } from './patience';

const DEPLOYMENTS = 1000;

export async function checkSource(patient: Patient): Promise<Judgement[]> {
  const { source: configured, branch } = patient.config();
  const home = patient.home();
  const source = sourceOf(home, configured);
  const asked = await tipIn(home, source, branch);
  if (typeof asked === 'object') return [unreadable(source, configured, asked.why)];
  if (asked === '')
    return [
      fault(
        `The source ${withoutPassword(source)} has no branch "${branch}".`,
        `git push ${configured === null ? 'live' : word(withoutPassword(source))} HEAD:${branch}`,
      ),
    ];
  const same = patient
    .journal()
    .history(DEPLOYMENTS)
    .find(({ commit }) => commit === asked);
  return judgeTip({ tip: asked, branch, source, deployment: same ?? null });
}

interface Tip {
  tip: Commit;
  branch: string;
  source: string;
  /** The newest deployment of it. */
  deployment: Deployment | null;
}

export function judgeTip({ tip, branch, source, deployment }: Tip): Judgement[] {
  const shown = withoutPassword(source);
  if (deployment)
    return [ok(`${shown}, ${branch} at ${short(tip)}: deployment ${deployment.id} ${deployment.state}`)];
  const said = `${branch} in ${shown} is at ${short(tip)}, which was never deployed.`;
  return [warning(said, `git fetch ${word(shown)} ${word(branch)} && npm run -s deploy -- FETCH_HEAD`)];
}

function unreadable(source: string, configured: string | null, why: string): Judgement {
  const said = `The source ${withoutPassword(source)} cannot be read: ${why}.`;
  if (configured === null) return fault(said, 'npm start');
  return fault(
    said,
    `Correct "source" in the configuration, or let this machine read it: git ls-remote ${word(withoutPassword(source))}`,
  );
}

/** The branch's commit, empty for no such branch, or why it cannot be asked. */
async function tipIn(home: Home, source: string, branch: string): Promise<Commit | { why: string }> {
  const wanted = `refs/heads/${branch}`;
  const { code, stdout, stderr } = await lsRemote(home, source, wanted);
  if (code === null) return { why: `no answer in ${ASK_MS / 1000} s` };
  if (code !== 0) return { why: causeIn(stderr) || `git ended with code ${code}` };
  const line = stdout.split('\n').find((each) => each.endsWith(`\t${wanted}`));
  return line?.split('\t')[0] ?? '';
}

/** Asks as the deployer would: without a terminal, in which ssh would begin to ask questions. Code null: it took too long. */
function lsRemote(
  home: Home,
  source: string,
  ref: string,
): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const child = spawn('git', ['ls-remote', '--', source, ref], {
    cwd: existsSync(home.mirrorGit) ? home.mirrorGit : home.dir,
    env: gitEnvironment(process.env),
    stdio: ['ignore', 'pipe', 'pipe'],
    // a session of its own has no terminal
    detached: true,
  });
  const limit = setTimeout(() => child.pid && process.kill(-child.pid, 'SIGKILL'), ASK_MS);
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  return new Promise((resolve) => {
    const end = (code: number | null): void => {
      clearTimeout(limit);
      resolve({ code, stdout, stderr });
    };
    child.on('error', (error) => {
      stderr += error.message;
      end(1);
    });
    child.on('close', end);
  });
}
