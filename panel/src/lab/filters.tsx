import { number, say } from '../text.js';
import type { LabModel } from './lab-model.js';
import { labPageLimits } from './limits.js';
import { FAMILY_COLOURS, FAMILY_DASHES, familyOf } from './palette.js';
import { visibleText } from './visible-text.js';

/** What is shown: the legend of the messages is their filter. */
export function Filters({ lab }: { lab: LabModel }) {
  lab.observeGrowth();
  const run = lab.run.value;
  const filter = lab.filter.value;
  if (run === undefined) return null;
  const toggled = (set: ReadonlySet<string>, one: string): Set<string> => {
    const next = new Set(set);
    if (!next.delete(one)) next.add(one);
    return next;
  };
  return (
    <div class="filters">
      <fieldset>
        <legend>{say('Mensagens', 'Messages')}</legend>
        {[...run.types].slice(0, labPageLimits.typesShown).map(([type, count]) => (
          <label key={type} class="check">
            <input
              type="checkbox"
              checked={!filter.types.has(type)}
              onChange={() => lab.setFilter({ types: toggled(filter.types, type) })}
            />
            <Sample type={type} />
            <bdi>{visibleText(type)}</bdi>
            <span class="quiet">{number(count)}</span>
          </label>
        ))}
        {run.types.size > labPageLimits.typesShown && (
          <span class="quiet">
            {say(
              `e mais ${number(run.types.size - labPageLimits.typesShown)} tipos`,
              `and ${number(run.types.size - labPageLimits.typesShown)} more types`,
            )}
          </span>
        )}
        {run.types.size === 0 && <span class="quiet">{say('nenhuma ainda', 'none yet')}</span>}
      </fieldset>
      <fieldset>
        <legend>{say('Linhas', 'Lines')}</legend>
        {run.header.hosts.map(({ id }) => (
          <label key={id} class="check">
            <input
              type="checkbox"
              checked={!filter.hosts.has(id)}
              onChange={() => lab.setFilter({ hosts: toggled(filter.hosts, id) })}
            />
            {id}
          </label>
        ))}
      </fieldset>
      <label class="filter-text">
        {say('Chave ou valor', 'Key or value')}
        <input
          type="search"
          value={filter.text}
          spellcheck={false}
          onInput={({ currentTarget }) => lab.setFilter({ text: currentTarget.value })}
        />
      </label>
    </div>
  );
}

function Sample({ type }: { type: string }) {
  const family = familyOf(type);
  return (
    <svg class="sample" width="30" height="10" aria-hidden="true">
      <line
        x1="1"
        y1="5"
        x2="29"
        y2="5"
        stroke={`var(${FAMILY_COLOURS[family]})`}
        stroke-width="2.5"
        stroke-dasharray={FAMILY_DASHES[family].join(' ')}
      />
    </svg>
  );
}
