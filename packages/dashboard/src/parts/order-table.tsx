import type { OrderSummary } from '@orderloop/protocol';
import type { FunctionComponent } from 'preact';
import { useTexts } from '../i18n.ts';
import { journeyPath } from '../route.ts';
import type { Word } from '../words/en.ts';
import { OrderAxes } from './badges.tsx';

type Column = readonly [title: Word, Cell: FunctionComponent<{ order: OrderSummary }>];

/** Orders, each with the way to its journey; and the columns that a page adds. */
export function OrderTable({ orders, columns }: { orders: readonly OrderSummary[]; columns: readonly Column[] }) {
  const { t } = useTexts();
  return (
    <table class="cards">
      <thead>
        <tr>
          <th scope="col">{t('col_order')}</th>
          <th scope="col">{t('col_time')}</th>
          <th scope="col" class="end">
            {t('col_total')}
          </th>
          <th scope="col">{t('col_state')}</th>
          {columns.map(([title]) => (
            <th scope="col" key={title}>
              {t(title)}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {orders.map((order) => (
          <OrderRow key={order.order_key} order={order} columns={columns} />
        ))}
      </tbody>
    </table>
  );
}

function OrderRow({ order, columns }: { order: OrderSummary; columns: readonly Column[] }) {
  const { t, money, time } = useTexts();
  return (
    <tr>
      <th scope="row" data-label={t('col_order')}>
        <a href={journeyPath(order.order_key)}>{order.order_number ?? order.order_id}</a> <span class="dim">{order.source}</span>{' '}
        {order.test && <span class="badge">{t('test_order')}</span>}
      </th>
      <td class="nowrap" data-label={t('col_time')}>
        {time(Date.parse(order.created_at))}
      </td>
      <td class="end nowrap" data-label={t('col_total')}>
        {money(order.total, order.currency, order.exponent)}
      </td>
      <td data-label={t('col_state')}>
        <OrderAxes order={order} />
      </td>
      {columns.map(([title, Cell]) => (
        <td key={title} data-label={t(title)}>
          <Cell order={order} />
        </td>
      ))}
    </tr>
  );
}

function Matched({ order: { link_key, unlinked_reason } }: { order: OrderSummary }) {
  const { t } = useTexts();
  if (link_key) return t(`key_${link_key}`);
  return (
    <span class="why">
      <span class="badge warn">{t('link_none')}</span>{' '}
      {unlinked_reason && <span class="dim">{t(`unlinked_${unlinked_reason}`)}</span>}
    </span>
  );
}

/** By which key an order was linked to its session, or why it is not. */
export const MATCHED = ['col_matched', Matched] as const satisfies Column;
