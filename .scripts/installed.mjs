// Exits 0 if node_modules holds exactly what package-lock.json asks for, 1 if not. Runs on any Node since 18, because it
// decides whether `npm ci` has to bring ours. Time stamps are no use here: npm writes the lock after the tree.
import { accessSync, constants, readFileSync } from 'node:fs';

/** Package path to version, from a lock file; empty when the file is absent or unreadable. */
function packagesOf(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8')).packages;
  } catch {
    return {};
  }
}

function isExecutable(file) {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

const wanted = packagesOf('package-lock.json');
const present = packagesOf('node_modules/.package-lock.json');
// Optional packages are those of other platforms: npm leaves them out.
const stale = Object.entries(wanted).filter(
  ([path, entry]) => path !== '' && entry.optional !== true && present[path]?.version !== entry.version,
);
const executables = ['node', 'bun', 'esbuild', 'tsc'].map((name) => `node_modules/.bin/${name}`);
process.exit(stale.length === 0 && executables.every(isExecutable) ? 0 : 1);
