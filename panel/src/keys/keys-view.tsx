import { useEffect, useState } from 'preact/hooks';
import type { PanelStartJson } from '../../../src/doors/http/panel-json.js';
import { token } from '../api/credential.js';
import { useMade } from '../parts/use-made.js';
import { go, place } from '../route.js';
import { say } from '../text.js';
import { HistoryOfKey } from './key-history.js';
import { KeyList } from './key-list.js';
import { KeyPane } from './key-pane.js';
import { KeyListBox } from './key-list-box.js';

/** Letters typed one after the other make one question. */
const TYPING_MS = 250;

/** The keys by prefix, and beside them the one that is open. */
export function KeysView({ begun }: { readonly begun: PanelStartJson }) {
  const prefixes = begun.quem.prefixos;
  // Whoever reaches keys of one prefix only is shown these at once.
  const [prefix, setPrefix] = useState(prefixes.length === 1 ? (prefixes[0] ?? '') : '');
  const selected = place.value.key;
  const shownToken = token.value;
  const list = useMade(() => new KeyList(prefix), [prefix, shownToken]);
  const history = useMade(
    () => (selected === undefined ? undefined : new HistoryOfKey(selected)),
    [selected, shownToken],
  );
  useEffect(() => {
    if (list === undefined || history === undefined) return;
    // The list hears of the changes of its own keys; of another, the history hears by itself.
    if (!history.key.startsWith(prefix)) history.follow();
    list.onChange = (keys) => {
      if (keys === undefined || keys.has(history.key)) history.changed();
    };
  }, [list, history]);
  return (
    <div class={`keys${selected === undefined ? '' : ' open'}`}>
      <section class="sheet keys-list" aria-labelledby="keys-title">
        <h2 id="keys-title">{say('Chaves', 'Keys')}</h2>
        <Prefix value={prefix} onChange={setPrefix} />
        <Opener />
        {list !== undefined && (
          <KeyListBox list={list} selected={selected} onPick={(key) => go({ view: 'chaves', key })} />
        )}
      </section>
      {history === undefined ? (
        <section class="sheet keys-none">
          <p class="empty">
            {say(
              'Escolha uma chave da lista para ver as suas versões.',
              'Choose a key of the list to see its versions.',
            )}
          </p>
        </section>
      ) : (
        <KeyPane key={history.key} {...{ begun, history }} />
      )}
    </div>
  );
}

function Prefix({
  value,
  onChange,
}: {
  readonly value: string;
  readonly onChange: (prefix: string) => void;
}) {
  const [typed, setTyped] = useState(value);
  useEffect(() => {
    if (typed === value) return;
    const timer = setTimeout(() => onChange(typed), TYPING_MS);
    return () => clearTimeout(timer);
  }, [typed, value]);
  return (
    <label class="field">
      <span>{say('Prefixo', 'Prefix')}</span>
      <input
        type="search"
        value={typed}
        placeholder={say('todas', 'all')}
        autocapitalize="off"
        spellcheck={false}
        onInput={({ currentTarget }) => setTyped(currentTarget.value)}
      />
    </label>
  );
}

/** Opens a key by its name, whether it is there or not. */
function Opener() {
  const [name, setName] = useState('');
  return (
    <form
      class="field-row"
      onSubmit={(event) => {
        event.preventDefault();
        go({ view: 'chaves', key: name });
      }}
    >
      <label class="field">
        <span>{say('Abrir ou criar uma chave', 'Open or create a key')}</span>
        <input
          value={name}
          autocapitalize="off"
          spellcheck={false}
          onInput={({ currentTarget }) => setName(currentTarget.value)}
        />
      </label>
      <button type="submit">{say('Abrir', 'Open')}</button>
    </form>
  );
}
