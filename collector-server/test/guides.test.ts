import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { connectionFaults } from '../src/connections/check.ts';
import { STRIPE_EVENTS } from '../src/sources/stripe-events.ts';
import { testConfig } from './harness.ts';

const guide = (name: string) => readFileSync(new URL(`../../docs/guides/${name}.md`, import.meta.url), 'utf8');
const blocks = (text: string) => [...text.matchAll(/```json\n([\s\S]*?)```/g)].map(([, json]) => JSON.parse(`{${json}}`));

test.each(['shopify', 'stripe', 'paypal'])('the configuration in the guide to %s can be used', (source) => {
  const configurations = blocks(guide(source).replaceAll('"env:', '"'));
  expect(configurations.length).toBeGreaterThan(0);
  for (const { sources } of configurations) {
    expect(Object.keys(sources)).toEqual([source]);
    expect(connectionFaults(testConfig({ sources }))).toEqual([]);
  }
});

test('the guide to Stripe names every event that is read, and no other', () => {
  const table = /\| events \| say \|\n\|---\|---\|\n([\s\S]*?)\n\n/.exec(guide('stripe'))![1]!;
  const named = table.split('\n').flatMap((row) => {
    let last = '';
    return [...row.split('|')[1]!.matchAll(/`([^`]+)`/g)].map(([, name]) => {
      last = name!.startsWith('.') ? last.replace(/\.[^.]+$/, name!) : name!;
      return last;
    });
  });
  // One that expired says nothing, and need not be sent.
  expect(named.toSorted()).toEqual(STRIPE_EVENTS.filter((type) => type !== 'checkout.session.expired').toSorted());
});
