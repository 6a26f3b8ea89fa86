import { useEffect, useRef, useState } from 'preact/hooks';
import { ErrorNote } from '../parts/error-note.js';
import { ShownLine } from '../parts/shown.js';
import { number, plural, say } from '../text.js';
import { askRemoval } from './calls.js';

interface RemovalProps {
  readonly keyName: string;
  /** Entries that go; more than one are confirmed. */
  readonly entries: number;
  /** There are more, which the page has not read. */
  readonly hasMore?: boolean;
  /** Only this version; `undefined`: all. */
  readonly version: number | undefined;
  readonly problem: string | undefined;
  readonly onDone: () => void;
}

/** Removes one version, or the key: where more than one goes, only after a second yes. */
export function Removal({ keyName, entries, hasMore = false, version, problem, onDone }: RemovalProps) {
  const [isAsking, setAsking] = useState(false);
  const [error, setError] = useState<unknown>();
  const remove = async (): Promise<void> => {
    setAsking(false);
    setError(undefined);
    try {
      await askRemoval(keyName, version);
      onDone();
    } catch (thrown) {
      setError(thrown);
    }
  };
  const word =
    version === undefined
      ? say(
          `Remover a chave (${versionsWord(entries, hasMore)})`,
          `Remove the key (${versionsWord(entries, hasMore)})`,
        )
      : say(`Remover a versão ${version}`, `Remove version ${version}`);
  return (
    <>
      <button
        type="button"
        class="danger"
        disabled={problem !== undefined || entries === 0}
        title={problem}
        onClick={() => (entries > 1 ? setAsking(true) : void remove())}
      >
        {word}
      </button>
      {error !== undefined && <ErrorNote error={error} />}
      {isAsking && (
        <Consent
          {...{ keyName, entries, hasMore, version }}
          onYes={() => void remove()}
          onNo={() => setAsking(false)}
        />
      )}
    </>
  );
}

function versionsWord(entries: number, hasMore: boolean): string {
  const more = hasMore ? say('mais de ', 'more than ') : '';
  return more + plural(entries, ['versão', 'versões'], ['version', 'versions']);
}

interface ConsentProps extends Pick<RemovalProps, 'keyName' | 'entries' | 'hasMore' | 'version'> {
  readonly onYes: () => void;
  readonly onNo: () => void;
}

function Consent({ keyName, entries, hasMore = false, version, onYes, onNo }: ConsentProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current?.showModal(), []);
  return (
    <dialog ref={dialog} class="sheet" aria-labelledby="consent-title" onClose={onNo}>
      <h3 id="consent-title">{say('Remover de verdade?', 'Really remove?')}</h3>
      <p>
        {version === undefined
          ? hasMore
            ? say('Todas: ', 'All of them: ')
            : say('Todas as ', 'All ')
          : say(`A versão ${version} tem entradas irmãs: `, `Version ${version} has sibling entries: `)}
        <strong>
          {version === undefined
            ? versionsWord(entries, hasMore)
            : say(`${number(entries)} valores`, `${number(entries)} values`)}
        </strong>
        {say(
          ' desta chave serão removidas em todos os servidores:',
          ' of this key will be removed on every server:',
        )}
      </p>
      <p>
        <ShownLine text={keyName} />
      </p>
      <p class="quiet">
        {say(
          'O que foi gravado ao mesmo tempo em outro servidor, e este ainda não viu, fica. Nada removido volta.',
          'What was written at the same time on another server, and this one has not seen, stays. Nothing removed comes back.',
        )}
      </p>
      <p class="actions">
        <button type="button" onClick={() => dialog.current?.close()}>
          {say('Não', 'No')}
        </button>
        <button
          type="button"
          class="danger"
          onClick={() => {
            onYes();
            // Closed, and not only taken away, it gives the focus back to the button that opened it.
            dialog.current?.close();
          }}
        >
          {say('Remover', 'Remove')}
        </button>
      </p>
    </dialog>
  );
}
