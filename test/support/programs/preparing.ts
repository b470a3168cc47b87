/** Prepares the commit argv[3] as deployment 9 in the home argv[2]. */
import { homeAt } from '../../../deploy/home/home';
import { createFolderPacking } from '../../../deploy/release/artifact/folder';
import { prepareRelease } from '../../../deploy/release/prepare';

const [, , home = '', commit = ''] = process.argv;
const limits = { install: 60, test: 60, build: 60, migrate: 60 };
void prepareRelease({
  home: homeAt(home),
  root: home,
  source: home,
  packing: createFolderPacking({ home: homeAt(home), limits }),
  deploymentId: 9,
  commit,
  environment: 0,
  exactly: true,
  limits,
  report: () => undefined,
});
