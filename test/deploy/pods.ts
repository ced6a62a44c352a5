import { isMapping, type Mapping } from '../../src/config/object-path.ts';
import type { Manifest } from './manifests.ts';

/** What stands at a path of keys and list positions joined by dots; undefined where nothing does. */
export function at(value: unknown, path: string): unknown {
  return path.split('.').reduce<unknown>((one, key) => {
    if (Array.isArray(one)) return one[Number(key)];
    return isMapping(one) ? one[key] : undefined;
  }, value);
}

/** The only element of a list; throws when there are none or several. */
export function only<Element>(list: readonly (Element | undefined)[]): Element {
  const [first] = list;
  if (first === undefined || list.length !== 1) throw new Error(`expected one, found ${list.length}`);
  return first;
}

/** The pod that the only StatefulSet among these makes. */
export function podOf(manifests: readonly Manifest[]): Mapping {
  const pod = at(only(manifests.filter(({ kind }) => kind === 'StatefulSet')), 'spec.template.spec');
  return isMapping(pod) ? pod : {};
}

/** The only container of that pod. */
export function containerOf(manifests: readonly Manifest[]): unknown {
  const containers = at(podOf(manifests), 'containers');
  return only(Array.isArray(containers) ? containers : []);
}
