/** The name under which a person called this program: `warrenctl`, or `kubectl warren` when its file is `kubectl-warren`. */
import { basename } from 'node:path';

const PLUGIN_FILE = 'kubectl-warren';
/** kubectl runs it to complete the words after `kubectl warren`. */
export const COMPLETER_FILE = 'kubectl_complete-warren';

/** `invokedAs` is the path that the launcher was started by; without a launcher it is unknown. */
export const programName = (invokedAs: string | undefined): string =>
  basename(invokedAs ?? '') === PLUGIN_FILE ? 'kubectl warren' : 'warrenctl';

/** The file's name. */
export const INVOKED_FILE = basename(process.env['WARREN_INVOKED_AS'] ?? '');
export const PROGRAM = programName(process.env['WARREN_INVOKED_AS']);
