/** Where the executables and the manifests lie that `make build` put together. */
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { LabError } from './lab-error.ts';

export interface Programs {
  readonly warren: string;
  readonly agent: string;
  readonly controller: string;
  readonly warrenctl: string;
  /** crds/, policies/, pools.yaml */
  readonly deploy: string;
}

/** From the bundle (dist/lib) as well as from the sources (lib/lab). */
export function findPrograms(): Programs {
  const here = import.meta.dirname;
  const dist = [resolve(here, '..'), resolve(here, '..', '..', 'dist')].find((dir) => existsSync(join(dir, 'bin')));
  const bin = (name: string): string => join(dist ?? '', 'bin', name);
  const programs = {
    warren: bin('warren'),
    agent: bin('warren-agent'),
    controller: bin('warren-controller'),
    warrenctl: bin('warrenctl'),
    deploy: join(dist ?? '', 'deploy'),
  };
  const missing = Object.values(programs).find((path) => dist === undefined || !existsSync(path));
  if (missing !== undefined) throw new LabError(`${missing} is not there`, 'build the executables first: make build');
  return programs;
}
