/** Faults over HTTP, for administrators: GET and POST /lab/faults, DELETE /lab/faults[/ID]. No fault ever meets this path. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { readDocument } from './body.ts';
import { faultParser, type Faults } from './faults.ts';
import { sendJson } from './respond.ts';
import { ApiError, badRequest, noSuchPath, wrongMethod } from './status.ts';
import { isAdmin, type User } from './user.ts';

export async function serveFaultPath(
  faults: Faults,
  user: User,
  path: string,
  message: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  if (!isAdmin(user)) throw new ApiError(403, 'Forbidden', 'faults are for administrators of the lab only', {});
  const id = path.slice('/lab/faults'.length).replace(/^\//, '');
  switch (message.method) {
    case 'GET':
      return sendJson(response, 200, { items: faults.list() });
    case 'POST':
      return sendJson(response, 201, faults.add(await readFault(message)));
    case 'DELETE':
      if (id === '') faults.clear();
      else if (!faults.remove(id)) throw noSuchPath();
      return sendJson(response, 200, { items: faults.list() });
    default:
      throw wrongMethod();
  }
}

async function readFault(message: IncomingMessage) {
  const parsed = faultParser.safeParse(await readDocument(message));
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map((issue) => `${issue.path.join('.') || 'fault'}: ${issue.message}`);
  throw badRequest(`no such fault: ${problems.join('; ')}`);
}
