import { ConfigError } from '../config.ts';
import { RunFailure, say, UnusableInput } from './io.ts';

type Command = (args: string[]) => Promise<void>;

// Each loads what it needs and no more: a preview should not wait for a web server to be read.
const COMMANDS: Readonly<Record<string, () => Promise<Command>>> = {
  serve: async () => (await import('./serve.ts')).serve,
  demo: async () => (await import('./demo.ts')).demo,
  replay: async () => (await import('./replay.ts')).replay,
  preview: async () => (await import('./preview.ts')).preview,
  stitch: async () => (await import('./stitch.ts')).stitch,
  import: async () => (await import('./import.ts')).importFile,
  migrate: async () => (await import('./migrate.ts')).migrate,
  copy: async () => (await import('./copy.ts')).copy,
  backup: async () => (await import('./backup.ts')).backup,
  restore: async () => (await import('./restore.ts')).restore,
  rebuild: async () => (await import('./rebuild.ts')).rebuild,
  persons: async () => (await import('./persons.ts')).persons,
  'dead-letters': async () => (await import('./dead-letters.ts')).deadLetters,
  deliveries: async () => (await import('./deliveries.ts')).deliveries,
  doctor: async () => (await import('./doctor.ts')).doctor,
};

const HELP = `orderloop: closes the loop between an advertisement and an order

  orderloop serve [--port N] [--data DIR] [--config FILE]   runs the collector; --database-url URL on PostgreSQL
  orderloop demo                                            the collector with a demo shop and an ad platform, played
  orderloop replay FILE                                     recorded deliveries of a source, on a store in memory
  orderloop preview FILE [--reveal]                         what a destination would be sent
  orderloop stitch FILE.ndjson                              events in; sessions, orders, links and conversions out
  orderloop import FILE.csv [--profile FILE] [--dry-run]    orders of a till or a spreadsheet; --report FILE, --site S
  orderloop migrate [--database-url URL]                    brings the store's tables up to date
  orderloop copy [--data DIR] --to postgres://…            moves a store from SQLite to PostgreSQL; go on by running it again
  orderloop backup --to FILE [--data DIR]                   an encrypted copy, proved by restoring it
  orderloop restore FILE [--data DIR]                       a backup as a store of its own
  orderloop rebuild [--data DIR] [--config FILE]            derives every projection again from the event log
  orderloop persons show|alias|split|undo|erase … [--site S] who it is, and what you say of it: TYPE:VALUE …
  orderloop dead-letters [--site S] [--code C] [--id N]     what was refused; --replay takes it up again, --discard puts it away
  orderloop deliveries --site S --destination D             what became of conversions; --state, --reason, --id, --replay, --dry-run
  orderloop doctor [--data DIR] [--config FILE]             checks configuration, store, clock and destinations

FILE may be - for standard input. Results are JSON on stdout, everything else goes to stderr.
Exit codes: 0 done, 1 the run failed, 2 the input can't be used.`;

/** Runs one command; answers the exit code. */
export async function run([name, ...args]: string[]): Promise<number> {
  if (name === undefined || name === 'help' || name === '--help' || name === '-h') {
    say(HELP);
    return name === undefined ? 2 : 0;
  }
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  try {
    if (!command) throw new UnusableInput(`There is no command ${JSON.stringify(name)}; orderloop help lists them.`);
    if (args.includes('--help')) {
      say(HELP);
      return 0;
    }
    await (await command())(args);
    return 0;
  } catch (error) {
    return report(error);
  }
}

function report(error: unknown): number {
  if ((error as { code?: string }).code?.startsWith('ERR_PARSE_ARGS')) return report(new UnusableInput((error as Error).message));
  if (error instanceof ConfigError) return report(new UnusableInput(error.message));
  if (error instanceof UnusableInput) {
    say(error.toJson());
    return 2;
  }
  if (error instanceof RunFailure) say(error.message);
  else
    say(
      error instanceof Error && error.message.startsWith('[orderloop]')
        ? error.message
        : `Something went wrong: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
    );
  return 1;
}
