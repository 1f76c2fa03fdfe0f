import type { ExecutionPhase, HistoryQuery, HistorySort } from '../../index.ts';
import { count } from './query.ts';
import type { ObjectsRoute } from './routes.ts';
import { badRequest } from './status.ts';

const SORT = /^-?(finished|started|created|duration|name)$/;

/**
 * What a list asks of the archive: `archived=true` with `since`, `until` (milliseconds since the Unix epoch), `phase`
 * (a list with commas), `workflow`, `launchPlan`, `schedule` and `sort`. Undefined: a list of live objects. Throws a 400.
 */
export function historyQuery({ query }: ObjectsRoute): HistoryQuery | undefined {
  if (query.get('archived') !== 'true') return undefined;
  const since = count(query, 'since');
  const until = count(query, 'until');
  const phases = (query.get('phase') ?? '').split(',').filter((phase) => phase !== '') as ExecutionPhase[];
  const sort = query.get('sort') ?? '';
  if (sort !== '' && !SORT.test(sort)) throw badRequest(`invalid value ${JSON.stringify(sort)} of sort`);
  const text = (name: 'workflow' | 'launchPlan' | 'schedule' | 'execution') => {
    const value = query.get(name) ?? '';
    return value !== '' && { [name]: value };
  };
  return {
    ...(since !== undefined && { since }),
    ...(until !== undefined && { until }),
    ...(phases.length > 0 && { phases }),
    ...text('workflow'),
    ...text('launchPlan'),
    ...text('schedule'),
    ...text('execution'),
    ...(sort !== '' && { sort: sort as HistorySort }),
  };
}
