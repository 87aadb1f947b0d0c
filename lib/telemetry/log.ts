/** The log: one JSON line an event, or a form for people who watch on a terminal. */
import pino from 'pino';
import { REDACTED_PATHS } from './redact.ts';

export type Logger = pino.Logger;
export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];
/** `auto` is `pretty` on a terminal and `json` elsewhere. */
export const LOG_FORMATS = ['auto', 'json', 'pretty'] as const;
export type LogFormat = (typeof LOG_FORMATS)[number];

export interface LogOptions {
  /** The process: `warren-agent`, `warren-controller`. */
  readonly name: string;
  readonly level?: LogLevel;
  /** Default: JSON on standard error, so that standard output stays free for results. */
  readonly destination?: pino.DestinationStream;
}

const STDERR = 2;

export function createLogger({ name, level = 'info', destination }: LogOptions): Logger {
  const options: pino.LoggerOptions = {
    name,
    level,
    base: { pid: process.pid },
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
    redact: { paths: [...REDACTED_PATHS], censor: '[redacted]' },
    serializers: { err: pino.stdSerializers.err, error: pino.stdSerializers.err },
  };
  return pino(options, destination ?? pino.destination({ dest: STDERR, sync: true }));
}

/** Standard error in the given format. Asynchronous because the form for people is loaded only where it is wanted. */
export async function logDestination(format: LogFormat): Promise<pino.DestinationStream> {
  const wantsPretty = format === 'pretty' || (format === 'auto' && process.stderr.isTTY);
  if (!wantsPretty) return pino.destination({ dest: STDERR, sync: true });
  const { default: pretty } = await import('pino-pretty');
  return pretty({ destination: STDERR, sync: true, ignore: 'pid', translateTime: 'SYS:HH:MM:ss.l' });
}

/** For callers that were given none. */
export const silentLogger: Logger = pino({ level: 'silent' });

/** The message of whatever was thrown. */
export const errorMessage = (error: unknown): string => (error instanceof Error ? error.message : String(error));
