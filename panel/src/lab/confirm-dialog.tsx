import { useEffect, useRef } from 'preact/hooks';
import { say } from '../text.js';

/** Asks before something that cannot be undone. */
export function ConfirmDialog(props: {
  readonly title: string;
  readonly text: string;
  readonly yes: string;
  readonly onYes: () => void;
  readonly onClose: () => void;
}) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current?.showModal(), []);
  return (
    <dialog ref={dialog} class="sheet" aria-labelledby="dialog-title" onClose={props.onClose}>
      <h2 id="dialog-title">{props.title}</h2>
      <p>{props.text}</p>
      <div class="buttons">
        <button type="button" autofocus onClick={() => dialog.current?.close()}>
          {say('Não', 'No')}
        </button>
        <button
          type="button"
          class="danger"
          onClick={() => {
            props.onYes();
            dialog.current?.close();
          }}
        >
          {props.yes}
        </button>
      </div>
    </dialog>
  );
}
