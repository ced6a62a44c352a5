import type { DoraValues } from '../../stats/dora/rows.ts';
import type { Delivery, DeliveryGroup } from './delivery.ts';
import { toDoraFields, toLevelFields } from './fields.ts';

/** The groups of a delivery for programs: every number unrounded, null where nothing is known. */
export function toDeliveryGroups({ groups }: Pick<Delivery, 'groups'>) {
  const filter = (grouping: DeliveryGroup['grouping']) =>
    groups.filter((group) => group.grouping === grouping).map((group) => ({ name: group.name, ...toValues(group) }));
  const [all] = groups.filter(({ grouping }) => grouping === 'all');
  return {
    all: all === undefined ? null : toValues(all),
    services: filter('service'),
    teams: filter('team'),
    providers: filter('provider'),
  };
}

function toValues({ values, before }: DeliveryGroup) {
  return { ...toFields(values), before: before === undefined ? null : toFields(before) };
}

function toFields(values: Readonly<DoraValues>) {
  return {
    ...Object.fromEntries(toDoraFields(values).map(([name, value]) => [name, value ?? null])),
    levels: Object.fromEntries(toLevelFields(values).map(([metric, level]) => [metric, level ?? null])),
  };
}
