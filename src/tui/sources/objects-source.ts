import type { UnixMs } from '../../base/index.ts';
import type { ListContent } from '../content.ts';
import type { Place } from '../state.ts';
import { objectsContent } from '../views/objects.ts';
import type { Source, SourcePorts } from './source.ts';

/** Cells are made anew after so long, since some of them tell of time. */
const CELLS_MS = 1_000;

interface Made {
  readonly key: string;
  readonly at: UnixMs;
  readonly content: ListContent;
}

/** The objects of a kind, in the columns of `pipectl get`. */
export function objectsSource(ports: SourcePorts, kind: string): Source {
  let made: Made | undefined;
  return {
    content({ list }: Place, now: UnixMs): ListContent {
      const live = ports.objects(kind);
      const key = `${live.version}\n${live.isLoaded}\n${list.filter}\n${list.sort ?? ''}\n${list.isDescending ?? false}`;
      if (made !== undefined && made.key === key && now - made.at < CELLS_MS) return made.content;
      made = { key, at: now, content: objectsContent(kind, [...live.objects], live, list, now) };
      return made.content;
    },
    close() {
      made = undefined;
    },
  };
}
