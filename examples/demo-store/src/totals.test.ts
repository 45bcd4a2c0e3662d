import { describe, expect, test } from 'vitest';
import { PRODUCTS } from './catalogue.ts';
import { toDecimal, toNumber } from './money.ts';
import { DELIVERIES, totalsOf, untilFree } from './totals.ts';

const line = (unit_price: number, quantity = 1) => ({ unit_price, quantity });

test('goods and delivery are the total, and VAT is a part of it', () => {
  expect(totalsOf([line(3800), line(4600)], 'standard')).toEqual({ subtotal: 8400, shipping: 490, tax: 1482, total: 8890 });
});

test('standard delivery is free from 100 euros on, and express never', () => {
  expect(totalsOf([line(9999)], 'standard').shipping).toBe(490);
  expect(totalsOf([line(5000, 2)], 'standard').shipping).toBe(0);
  expect(totalsOf([line(5000, 2)], 'express').shipping).toBe(990);
  expect([untilFree(9999), untilFree(10_000), untilFree(20_000)]).toEqual([1, 0, 0]);
});

test('an empty cart costs nothing, delivery included', () => {
  expect(totalsOf([], 'express')).toEqual({ subtotal: 0, shipping: 0, tax: 0, total: 0 });
});

describe('whatever is bought', () => {
  for (const delivery of DELIVERIES) {
    test(`the parts add up to the cent with ${delivery} delivery`, () => {
      for (const [index, { price }] of PRODUCTS.entries()) {
        for (let quantity = 1; quantity <= 10; quantity++) {
          const totals = totalsOf([line(price, quantity), line(PRODUCTS[(index + 5) % PRODUCTS.length]!.price)], delivery);
          expect(totals.subtotal + totals.shipping).toBe(totals.total);
          const net = totals.total - totals.tax;
          expect(Math.abs(net * 0.2 - totals.tax)).toBeLessThan(1);
          expect(Object.values(totals).every(Number.isInteger)).toBe(true);
        }
      }
    });
  }
});

test('cents are written without a float in between', () => {
  expect([0, 5, 50, 12990, 1000000].map(toDecimal)).toEqual(['0.00', '0.05', '0.50', '129.90', '10000.00']);
  expect(toNumber(12990)).toBe(129.9);
});
