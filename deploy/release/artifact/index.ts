/** Chooses how to pack releases, by the name of the runtime that starts them. */
import type { Config } from '../../config/load';
import type { Packing } from '../../core/interfaces';
import { createFolderPacking } from './folder';
import { createImagePacking } from './image';
import type { PackingOptions } from './options';

const packings = {
  pm2: ({ home, config }) => createFolderPacking({ home, limits: config.limits }),
  compose: createImagePacking,
} satisfies Record<Config['runtime'], (options: PackingOptions) => Packing>;

/** Creates the packing for the configured runtime. */
export function createPacking(options: PackingOptions): Packing {
  return packings[options.config.runtime](options);
}
