import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { LABEL, removeContainer } from '../../deploy/runtimes/compose/containers';
import { leftInEngine, removeFromEngine } from '../../scripts/lib/engine-leftovers';
import { BASE_IMAGE, ownName } from '../support/docker';
import { docker, needs } from '../support/needs';
import { tempHome } from '../support/temp-home';

const FOLDER = '/tmp/sy-of-this-run';

needs('containers', docker).test(
  'containers and images left by a test are found by their home and removed',
  () => {
    const name = ownName();
    const label = `${LABEL.home}=${FOLDER}/clone/home`;
    build(name, label);
    execFileSync('docker', ['create', '--name', name, '--label', label, BASE_IMAGE, 'true']);

    expect(leftInEngine(FOLDER)).toEqual([
      { what: 'container', id: expect.any(String), name: `/${name}` },
      { what: 'image', id: expect.any(String), name: `[${name}:latest]` },
    ]);
    expect(leftInEngine('/tmp/sy-of-another-run')).toEqual([]);

    removeFromEngine(FOLDER);
    expect(leftInEngine(FOLDER)).toEqual([]);
  },
);

needs('containers', docker).test(
  'removing a container waits for a removal that is already in progress',
  async () => {
    const args = ['run', '--detach', '--label', `${LABEL.home}=${FOLDER}`, BASE_IMAGE, 'sleep', '60'];
    const id = execFileSync('docker', args, { encoding: 'utf8' }).trim();

    await Promise.all(Array.from({ length: 5 }, () => removeContainer(id)));

    expect(leftInEngine(FOLDER)).toEqual([]);
  },
);

/** Builds from a folder, because docker leaves a context from stdin in the temporary folder. */
function build(tag: string, label: string): void {
  const folder = tempHome();
  writeFileSync(path.join(folder, 'Dockerfile'), `FROM ${BASE_IMAGE}\n`);
  execFileSync('docker', ['build', '--quiet', '--tag', tag, '--label', label, folder]);
}
