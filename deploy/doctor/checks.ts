/** All checks in report order. Each comes after the checks it needs. */
import { checkClock } from './clock';
import { checkConfiguration } from './configuration';
import { checkConnections } from './connections';
import { checkData } from './data';
import { checkDeployer } from './deployer';
import { checkDisk } from './disk';
import { checkEngineLink } from './engine';
import type { Check } from './examine';
import { checkGuard } from './guard';
import { checkHome } from './home';
import { checkInstall } from './install';
import { checkJournal } from './journal';
import { checkKit } from './kit';
import { checkLeftovers } from './leftovers';
import { checkLoaded } from './loaded';
import { checkLogs } from './logs';
import { checkMemory } from './memory';
import { checkMirror } from './mirror';
import { checkNginx } from './nginx';
import { checkNode } from './node';
import { checkPermissions } from './permissions';
import { checkPorts } from './ports';
import { checkProcessManager } from './process-manager';
import { checkPush } from './push';
import { checkReboot } from './reboot';
import { checkReleases } from './releases';
import { checkSchema } from './schema';
import { checkSecret } from './secret';
import { checkActive } from './slots';
import { checkSource } from './source';
import { checkStandby } from './standby';
import { checkTable } from './table';
import { checkUsers } from './users';
import { checkWebhook } from './webhook';

const home = ['home'] as const;
/** For checks that ask the runtime which slots run. */
const runtime = ['home', 'engine'] as const;

export const CHECKS = {
  node: { look: checkNode },
  home: { look: checkHome },
  configuration: { look: checkConfiguration, needs: home },
  permissions: { look: checkPermissions, needs: home },
  journal: { look: checkJournal, needs: home },
  'process manager': { look: checkProcessManager, needs: home },
  engine: { look: checkEngineLink, needs: home },
  // the deployer cannot start without the journal
  deployer: { look: checkDeployer, needs: ['home', 'journal'] },
  guard: { look: checkGuard, needs: ['deployer'] },
  kit: { look: checkKit, needs: ['deployer'] },
  nginx: { look: checkNginx, needs: home },
  connections: { look: checkConnections, needs: ['nginx'] },
  'nginx loaded': { look: checkLoaded, needs: ['connections'] },
  logs: { look: checkLogs, needs: ['nginx'] },
  ports: { look: checkPorts, needs: runtime },
  'traffic table': { look: checkTable, needs: ['journal'] },
  schema: { look: checkSchema, needs: ['journal'] },
  'active slot': { look: checkActive, needs: ['traffic table', 'engine', 'schema'] },
  releases: { look: checkReleases, needs: ['journal', 'engine'] },
  standby: { look: checkStandby, needs: ['journal', 'traffic table', 'engine'] },
  data: { look: checkData, needs: home },
  users: { look: checkUsers, needs: ['connections', 'active slot'] },
  leftovers: { look: checkLeftovers, needs: ['journal', 'engine'] },
  secret: { look: checkSecret, needs: home },
  webhook: { look: checkWebhook, needs: ['connections', 'deployer', 'secret'] },
  'git push': { look: checkPush, needs: home },
  source: { look: checkSource, needs: ['configuration', 'journal'] },
  mirror: { look: checkMirror, needs: home },
  install: { look: checkInstall, needs: ['configuration', 'journal'] },
  disk: { look: checkDisk, needs: home },
  memory: { look: checkMemory, needs: runtime },
  clock: { look: checkClock, needs: home },
  reboot: { look: checkReboot, needs: home },
} satisfies Record<string, Check>;
