import type { DestinationReconciliation } from '@orderloop/protocol';
import { useTexts } from '../i18n.ts';
import { fill } from '../texts.ts';
import { useDestinationWords, wordOf } from './words.ts';

/** Every order of the shop in one line: what became of it here. */
export function Reconciliation({ report }: { report: DestinationReconciliation }) {
  const words = useDestinationWords();
  const { number } = useTexts();
  return (
    <div>
      <h2 id="reconciliation">{words.reconcile_title}</h2>
      <p class="dim">{fill(words.reconcile_intro, { count: number(report.orders) })}</p>
      <section class="panel scroll" aria-labelledby="reconciliation" tabIndex={0}>
        <table class="cards">
          <thead>
            <tr>
              <th scope="col">{words.col_fate}</th>
              <th scope="col">{words.col_count}</th>
              <th scope="col">{words.col_total}</th>
            </tr>
          </thead>
          <tbody>
            {report.rows.map((row) => (
              <Row key={`${row.state}${row.reason}${row.currency}`} row={row} whole={report.orders} />
            ))}
            <tr>
              <th scope="row" data-label={words.col_fate}>
                {words.all}
              </th>
              <td data-label={words.col_count}>
                <strong>{number(report.orders)}</strong>
              </td>
              <td />
            </tr>
          </tbody>
        </table>
      </section>
    </div>
  );
}

function Row({ row, whole }: { row: DestinationReconciliation['rows'][number]; whole: number }) {
  const words = useDestinationWords();
  const { number, money, language } = useTexts();
  const { state, reason, orders, total, currency } = row;
  const exponent = new Intl.NumberFormat(language, { style: 'currency', currency }).resolvedOptions().maximumFractionDigits ?? 2;
  const texts = state === 'held' || state === 'no_conversion' ? words.fate_reasons : words.reasons;
  return (
    <tr>
      <th scope="row" data-label={words.col_fate}>
        {words.fates[state]}
        {reason && <span class="dim"> · {wordOf(texts, reason)}</span>}
      </th>
      <td data-label={words.col_count}>
        {number(orders)} <meter class="share" value={orders} max={Math.max(1, whole)} aria-hidden="true" />
      </td>
      <td data-label={words.col_total}>{money(total, currency, exponent)}</td>
    </tr>
  );
}
