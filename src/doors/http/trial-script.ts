/** The script of the page at `/v1`: builds a form for each operation of the document, and shows what comes back. */
export const TRIAL_SCRIPT = `const make = (name, properties = {}, ...children) => {
  const element = Object.assign(document.createElement(name), properties);
  element.append(...children);
  return element;
};

const token = document.getElementById('token');

const targetOf = (path, fields) => {
  const query = [];
  let target = path;
  for (const { parameter, input } of fields) {
    const { name, schema } = parameter;
    const value = input.type === 'checkbox' ? (input.checked ? 'sim' : '') : input.value;
    if (parameter.in === 'path') target = target.replace('{' + name + '}', encodeURIComponent(value));
    if (parameter.in === 'query' && (value !== '' || parameter.required)) {
      query.push(encodeURIComponent(name) + '=' + encodeURIComponent(value));
    }
  }
  return query.length > 0 ? target + '?' + query.join('&') : target;
};

const headersOf = (fields) => {
  const headers = {};
  for (const { parameter, input } of fields) {
    if (parameter.in === 'header' && input.value !== '') headers[parameter.name] = input.value;
  }
  if (token.value !== '') headers.authorization = 'Bearer ' + token.value;
  return headers;
};

const show = async (answer, output) => {
  const fields = [...answer.headers].map(([name, value]) => name + ': ' + value).join('\\n');
  output.textContent = answer.status + ' ' + answer.statusText + '\\n' + fields + '\\n\\n';
  if (answer.body === null) return;
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  for (let step = await reader.read(); !step.done; step = await reader.read()) {
    output.textContent = (output.textContent + step.value).slice(-200000);
  }
};

const formOf = (path, method, operation) => {
  const fields = (operation.parameters ?? []).map((parameter) => {
    const isFlag = parameter.schema.type === 'boolean';
    const input = make('input', { type: isFlag ? 'checkbox' : 'text', name: parameter.name });
    return { parameter, input };
  });
  const body = operation.requestBody === undefined ? undefined : make('textarea', { rows: 4, name: 'corpo' });
  const output = make('pre', { hidden: true });
  const button = make('button', { textContent: 'Pede' });
  const form = make('form', { autocomplete: 'off' });
  for (const { parameter, input } of fields) {
    const about = parameter.in === 'header' ? 'cabeçalho' : (parameter.description ?? '');
    form.append(make('label', {}, parameter.name, make('small', { textContent: about })), input);
  }
  if (body !== undefined) form.append(make('label', { textContent: 'corpo' }), body);
  form.append(button);
  let under = new AbortController();
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    under.abort();
    under = new AbortController();
    output.hidden = false;
    output.textContent = '…';
    try {
      const options = { method: method.toUpperCase(), headers: headersOf(fields), signal: under.signal };
      if (body !== undefined) Object.assign(options, { body: body.value });
      await show(await fetch(targetOf(path, fields), options), output);
    } catch (error) {
      if (error.name !== 'AbortError') output.textContent += String(error);
    }
  });
  return make('div', {}, form, output);
};

const main = document.getElementById('operacoes');
const { paths } = await (await fetch('/v1/openapi.json')).json();
for (const [path, methods] of Object.entries(paths)) {
  for (const [method, operation] of Object.entries(methods)) {
    const name = make('code', { textContent: method.toUpperCase() + ' ' + path });
    main.append(make('details', {}, make('summary', {}, name, operation.summary), formOf(path, method, operation)));
  }
}
`;
