import { expect, test } from 'vitest';
import { LIMIT_DEFAULTS } from '../main.ts';
import { LimitsSchema } from './limits.ts';

test('the configuration’s page names the default and the range of every limit, and they are the ones in force', () => {
  expect(Object.keys(LimitsSchema.properties).sort()).toEqual(Object.keys(LIMIT_DEFAULTS).sort());
  for (const [name, value] of Object.entries(LIMIT_DEFAULTS)) {
    const { description, minimum, maximum } = LimitsSchema.properties[name as keyof typeof LimitsSchema.properties] as {
      description?: string;
      minimum?: number;
      maximum?: number;
    };
    expect(description, name).toContain(`Default ${value}. ${minimum} to ${maximum}.`);
    expect(value).toBeGreaterThanOrEqual(minimum!);
    expect(value).toBeLessThanOrEqual(maximum!);
  }
});
