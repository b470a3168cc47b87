/** Prepares, in the home argv[2], the commit argv[3] as deployment 9. */
import { homeAt } from '../../../deploy/home';
import { prepareRelease } from '../../../deploy/pipeline/prepare';

const [, , home = '', commit = ''] = process.argv;
void prepareRelease({
  home: homeAt(home),
  root: home,
  deploymentId: 9,
  commit,
  limits: { install: 60, test: 60, build: 60 },
  report: () => undefined,
});
