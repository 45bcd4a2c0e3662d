import { existsSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { createLog } from '../log.ts';
import { startCollector } from '../main.ts';
import { RunFailure, say } from './io.ts';
import { ASSETS_FOLDER, loadConfig, OPTIONS, readPort, storageSpec } from './setup.ts';
import { untilStopped } from './signals.ts';

/** An internal error that a restart mends (sysexits' EX_SOFTWARE). */
const EX_SOFTWARE = 70;
const FATAL_ANSWER_MS = 100;

/** `orderloop serve`: runs the collector until it is told to stop. */
export async function serve(args: string[]): Promise<void> {
  const { values } = parseArgs({ args, options: OPTIONS });
  const config = loadConfig(values.config, values.data);
  // From here on, so that being told to stop while starting is a stop and not a death.
  const stopped = untilStopped();
  const log = createLog(config.log_level);
  const fatal = (error: Error): void => {
    log.fatal(error);
    // The answers to what was refused are on their way; the supervisor starts another.
    setTimeout(() => process.exit(EX_SOFTWARE), FATAL_ANSWER_MS);
  };
  const collector = await startCollector(
    {
      config,
      storage: storageSpec(values),
      assetsFolder: ASSETS_FOLDER,
      onFatal: fatal,
      onError: log.error,
      onRequest: log.request,
    },
    { port: readPort(values.port), host: values.host },
  ).catch((error: unknown) => {
    if ((error as { code?: string }).code === 'EADDRINUSE')
      throw new RunFailure(`Port ${values.port} is taken. Choose another with --port.`);
    throw error;
  });
  if (!existsSync(ASSETS_FOLDER)) say('The browser bundles are not built yet: run npm run build, and start again.');
  say(`Collector  ${collector.url}`);
  say(`Dashboard  ${collector.url}/dashboard (token: dashboard_token of the configuration)`);
  for (const [site, { name, publishable_keys, origins }] of Object.entries(config.sites))
    say(`Site ${site} (${name})  write key ${publishable_keys[0]}  origins ${origins.join(', ')}`);
  await stopped;
  await collector.stop();
}
