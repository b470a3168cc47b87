/** Checks what `git push live main` needs: push.git, its hooks, and the clone's remote. */
import { accessSync, constants, existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { hookValue } from '../core/hook-value';
import { HOOKS, hookScript, wrongSettings } from '../git/push-repository';
import { withoutPassword } from '../core/redact-url';
import { liveUrl } from '../git/live-remote';
import type { Judgement } from './finding';
import { fault, orOk, warning, shellWord } from './finding';
import type { DoctorContext } from './context';

const WRITE_AGAIN = 'npm start';

export async function checkPush(context: DoctorContext): Promise<Judgement[]> {
  const home = context.home();
  const damage = await context.pushDamage();
  if (damage !== null)
    return [fault(`push.git is damaged (${damage}): a push is refused or lost.`, WRITE_AGAIN)];
  const hooks = HOOKS.flatMap((hook) => judgeHook(context, hook));
  const settings = (await wrongSettings(home.pushGit)).map(([key]) =>
    fault(`push.git lacks the setting ${key}, which a push needs.`, WRITE_AGAIN),
  );
  // one fault is enough: npm start fixes all of them together
  const complaints = [
    ...[...hooks, ...settings].slice(0, 1),
    ...judgeRemote(await liveUrl(context.root), home.pushGit),
  ];
  return orOk(complaints, 'the hooks belong to this clone, and "live" points to them');
}

/** @param url URL of the clone's remote `live`; null if there is none */
export function judgeRemote(url: string | null, pushGit: string): Judgement[] {
  if (url === pushGit) return [];
  if (url === null) {
    return [
      fault('This clone has no remote "live" to push to.', `git remote add live ${shellWord(pushGit)}`),
    ];
  }
  const message = `The remote "live" of this clone points elsewhere: ${withoutPassword(url)}.`;
  return [warning(message, `git remote set-url live ${shellWord(pushGit)}`)];
}

/** The Node that a push would run; null without a hook. */
export function hookNode(context: DoctorContext): string | null {
  const text = textOf(hookFile(context, 'post-receive'));
  return text === null ? null : hookValue(text, 'NODE');
}

function judgeHook(context: DoctorContext, hook: (typeof HOOKS)[number]): Judgement[] {
  const file = hookFile(context, hook);
  const text = textOf(file);
  if (text === null) return [fault(`The hook ${file} is missing: a push deploys nothing.`, WRITE_AGAIN)];
  if (!runs(file)) return [fault(`The hook ${file} cannot be run: a push deploys nothing.`, WRITE_AGAIN)];
  const node = hookValue(text, 'NODE');
  if (node === null || !existsSync(node)) {
    return [fault(`The hook ${file} runs ${node ?? 'nothing'}, which is not there.`, WRITE_AGAIN)];
  }
  const { root } = context;
  if (text === hookScript(hook, context.home(), { node, root, branch: context.ports().branch })) return [];
  return [fault(`The hook ${file} does not belong to this clone.`, WRITE_AGAIN)];
}

function hookFile(context: DoctorContext, hook: string): string {
  return path.join(context.home().pushGit, 'hooks', hook);
}

function textOf(file: string): string | null {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return null;
  }
}

function runs(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
