import {
  type Column,
  type Html,
  html,
  NO_DATA,
  renderCount,
  renderMinutes,
  renderName,
  renderRatio,
  renderTable,
} from './html.ts';
import type { DeliveryStats } from './view.ts';

/** Some deploy less than once a day. */
const DECIMALS = 2;

/** The four keys and rework, everything first, then services by name. */
export function renderDelivery(rows: readonly DeliveryStats[]): Html {
  const columns: readonly Column<DeliveryStats>[] = [
    { title: 'Service', cell: ({ name }) => renderName(name) },
    { title: 'Deployments', cell: ({ deployments }) => renderCount(deployments), isNumber: true },
    { title: 'Per day', cell: ({ perDay }) => renderFrequency(perDay), isNumber: true },
    { title: 'Lead time (median)', cell: ({ leadTimeMinutes }) => renderMinutes(leadTimeMinutes), isNumber: true },
    { title: 'Change failure', cell: ({ changeFailure }) => renderRatio(changeFailure), isNumber: true },
    { title: 'Recovery time (median)', cell: ({ recoveryMinutes }) => renderMinutes(recoveryMinutes), isNumber: true },
    { title: 'Rework', cell: ({ rework }) => renderRatio(rework), isNumber: true },
    { title: 'Level', cell: ({ level }) => level ?? NO_DATA },
  ];
  return renderTable({ caption: 'The four DORA keys and rework by service', columns, rows });
}

function renderFrequency(perDay: number | undefined): Html {
  return perDay === undefined ? NO_DATA : html`<data value="${perDay}">${perDay.toFixed(DECIMALS)}</data>`;
}
