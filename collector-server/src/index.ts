export { type Config, ConfigError, readConfig } from './config.ts';
export { type Embedded, type EmbedOptions, orderloop } from './embed.ts';
export { type Collector, type CollectorOptions, startCollector } from './main.ts';
