import { useRef, useState } from 'preact/hooks';
import { Refusal } from '../api/request.js';
import { pageLimits } from '../limits.js';
import { ErrorNote } from '../parts/error-note.js';
import { hueOf } from '../parts/hues.js';
import { ShownLine } from '../parts/shown.js';
import { WindowList } from '../parts/window-list.js';
import { number, plural, say } from '../text.js';
import type { KeyList } from './key-list.js';
import type { KeyRow } from './key-rows.js';

const ROW_PX = 44;

interface KeyListBoxProps {
  readonly list: KeyList;
  readonly selected: string | undefined;
  readonly onPick: (key: string) => void;
}

/** The keys of a list, as many as one likes: only what is seen is drawn. */
export function KeyListBox(props: KeyListBoxProps) {
  return (
    <>
      <Keys {...props} />
      <ListNews list={props.list} />
    </>
  );
}

function Keys({ list, selected, onPick }: KeyListBoxProps) {
  const [active, setActive] = useState<string>();
  const { rows } = list.shown.value;
  const indexOf = (key: string | undefined): number => (key === undefined ? -1 : rows.indexOf(key));
  const error = list.error.value;
  if (error !== undefined && rows.length === 0) return <Failed {...{ list, error }} />;
  if (rows.length === 0) {
    return (
      <p class="empty">
        {list.state.value === 'reading' ? say('Lendo…', 'Reading…') : <Nothing list={list} />}
      </p>
    );
  }
  return (
    <>
      <WindowList
        id="keys"
        label={say('Chaves', 'Keys')}
        count={rows.length}
        rowPx={ROW_PX}
        active={indexOf(active)}
        selected={indexOf(selected)}
        isPartial={!rows.isWhole}
        onActive={(index) => setActive(rows.at(index)?.chave)}
        onPick={(index) => {
          const row = rows.at(index);
          if (row !== undefined) onPick(row.chave);
        }}
        onReach={(index) => list.reach(index)}
        row={(index) => <Row row={rows.at(index)} />}
      />
      {error !== undefined && <Failed {...{ list, error }} />}
      <p class="quiet list-foot">
        <ListFoot list={list} />
      </p>
    </>
  );
}

function Failed({ list, error }: { readonly list: KeyList; readonly error: unknown }) {
  return (
    <>
      <ErrorNote error={error} />
      <p>
        <button type="button" onClick={() => list.tryAgain()}>
          {say('Tentar de novo', 'Try again')}
        </button>
      </p>
    </>
  );
}

function Row({ row }: { readonly row: KeyRow | undefined }) {
  if (row === undefined) return null;
  return (
    <>
      <span class="key-name">
        <span class={`swatch hue-${hueOf(row.origem)}`} aria-hidden="true" />
        <ShownLine text={row.chave} chars={120} />
        {row.irma && <span class="badge warn">{say('irmãs', 'siblings')}</span>}
        <span class="quiet key-version">v{row.versao}</span>
      </span>
      <span class="key-value quiet">
        <ShownLine text={row.preview} chars={80} />
      </span>
    </>
  );
}

function Nothing({ list }: { readonly list: KeyList }) {
  return (
    <>
      {list.prefix === ''
        ? say(
            'Ainda não há chaves. Escreva um nome acima e abra-o para gravar a primeira.',
            'There are no keys yet. Type a name above and open it to write the first.',
          )
        : say(
            'Nenhuma chave começa assim. Apague o prefixo para ver todas, ou abra uma chave nova acima.',
            'No key begins like this. Clear the prefix to see all, or open a new key above.',
          )}
    </>
  );
}

/** What a list is told aloud of: how much was found, once, and that it is not live. What changes all the time is only shown. */
function ListNews({ list }: { readonly list: KeyList }) {
  const { rows } = list.shown.value;
  const found = useRef<{ readonly list: KeyList; readonly length: number; readonly isWhole: boolean }>(
    undefined,
  );
  if (found.current?.list !== list && list.state.value === 'idle')
    found.current = { list, length: rows.length, isWhole: rows.isWhole };
  const first = found.current?.list === list ? found.current : undefined;
  return (
    <p class="unseen" role="status">
      {first !== undefined && sizeText(first)}{' '}
      {list.live.value instanceof Refusal && liveText(list.live.value)}
    </p>
  );
}

function ListFoot({ list }: { readonly list: KeyList }) {
  return (
    <>
      {sizeText(list.shown.value.rows)} · {liveText(list.live.value)}
    </>
  );
}

function sizeText({ length, isWhole }: { readonly length: number; readonly isWhole: boolean }): string {
  if (isWhole) return plural(length, ['chave', 'chaves'], ['key', 'keys']);
  return length >= pageLimits.keys
    ? say(
        `As primeiras ${number(length)} chaves: dê um prefixo para ver outras`,
        `The first ${number(length)} keys: give a prefix to see others`,
      )
    : say(
        `${number(length)} chaves lidas; role para ler mais`,
        `${number(length)} keys read; scroll to read more`,
      );
}

function liveText(live: boolean | Refusal): string {
  if (live === true) return say('mudanças ao vivo', 'changes live');
  return live instanceof Refusal
    ? say(
        'sem mudanças ao vivo: o servidor recusou a observação',
        'no live changes: the server refused the watch',
      )
    : say('à espera do servidor para ver mudanças', 'waiting for the server to see changes');
}
