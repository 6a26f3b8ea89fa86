import { useEffect, useRef, useState } from 'preact/hooks';
import { loginAsked, showToken } from '../api/credential.js';
import { say } from '../text.js';

/** Asks who is looking. The token goes into memory, and nowhere else. */
export function Login() {
  const [given, setGiven] = useState('');
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => field.current?.focus(), []);
  const isRefused = loginAsked.value === 'refused';
  return (
    <form
      class="sheet login"
      aria-labelledby="login-title"
      onSubmit={(event) => {
        event.preventDefault();
        const shown = given.trim();
        if (shown !== '') showToken(shown);
      }}
    >
      <h2 id="login-title">
        {say('Este servidor pede uma credencial', 'This server asks for a credential')}
      </h2>
      {isRefused && (
        <p class="note bad" role="alert" id="login-refused">
          {say(
            'O token não foi aceito, ou já não vale. Confira o arquivo que o administrador lhe deu.',
            'The token was not accepted, or is no longer valid. Check the file that the administrator gave you.',
          )}
        </p>
      )}
      <label for="token">Token</label>
      <input
        id="token"
        ref={field}
        type="password"
        value={given}
        autocomplete="off"
        autocapitalize="off"
        spellcheck={false}
        required
        aria-describedby={isRefused ? 'login-refused login-help' : 'login-help'}
        onInput={({ currentTarget }) => setGiven(currentTarget.value)}
      />
      <p id="login-help" class="quiet">
        {say(
          'Começa com kvs_. Fica só na memória desta página: ao fechá-la ou recarregá-la, é pedido de novo. Quem administra cria um com “kvs credencial cria”.',
          'It begins with kvs_. It stays in the memory of this page: close or reload it, and you are asked again. Administrators make one with “kvs credencial cria”.',
        )}
      </p>
      <p>
        <button class="primary" type="submit">
          {say('Entrar', 'Log in')}
        </button>
      </p>
    </form>
  );
}
