import type { RecordedHost } from '../../../src/laboratory/recording.js';
import { plural, say } from '../text.js';
import type { LabModel } from './lab-model.js';
import { stateColour } from './palette.js';
import { laneY, SCENE_SIZES } from './scene.js';
import type { Lanes } from './strokes.js';
import { shortText } from './visible-text.js';
import { spellWord } from './words.js';

const KINDS: Readonly<Record<RecordedHost['kind'], readonly [pt: string, en: string]>> = {
  server: ['servidor', 'server'],
  broker: ['broker', 'broker'],
  replica: ['réplica', 'replica'],
  client: ['cliente', 'client'],
};

/** Who each line of the picture is, and how it is now, or was where the replay stands. */
export function LaneLabels({ lab, lanes, height }: { lab: LabModel; lanes: Lanes; height: number }) {
  const run = lab.run.value;
  lab.observeGrowth();
  if (run === undefined) return null;
  const t = Math.min(lab.until.value, lab.selectedEvent()?.t ?? Infinity);
  const at = t === Infinity ? run.endMs : t;
  return (
    <div class="lanes" style={{ height: `${height}px` }}>
      <span class="lane-head" style={{ top: `${SCENE_SIZES.bandTop}px` }}>
        {say('estados', 'states')}
      </span>
      <ul aria-label={say('Linhas do diagrama', 'Lines of the diagram')}>
        {[...lanes].map(([id, lane]) => {
          const host = run.host(id);
          const state = run.history.stateAt(id, at);
          const spells = run.history.at(id, at);
          const letter = state === undefined ? undefined : run.history.letter(state.storeHash);
          return (
            <li key={id} style={{ top: `${laneY(lane)}px` }}>
              <span class="lane-name">
                <strong title={id}>{id}</strong>
                {letter !== undefined && state !== undefined && (
                  <span
                    class="state-letter"
                    style={{ background: `var(${stateColour(letter.index)})` }}
                    title={plural(state.versions, ['versão', 'versões'], ['version', 'versions'])}
                  >
                    <span class="unseen">{say('estado', 'state')} </span>
                    {letter.letter}
                  </span>
                )}
              </span>
              <span class="lane-kind" title={host?.address}>
                {spells.length === 0
                  ? host === undefined
                    ? ''
                    : say(...KINDS[host.kind])
                  : spells.map((spell) => shortText(spellWord(spell), 24)).join(', ')}
              </span>
            </li>
          );
        })}
      </ul>
    </div>
  );
}
