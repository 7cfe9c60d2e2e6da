// Shows an OpenAPI document and makes calls with it. Elements only, no markup from text: the page's policy allows none.

const METHODS = ['get', 'post', 'put', 'patch', 'delete'];

/** An element with a class and children (text or elements). */
function make(name, className, ...children) {
  const element = document.createElement(name);
  if (className) element.className = className;
  element.append(...children.filter((child) => child !== undefined && child !== null));
  return element;
}

/** What a `$ref` points at, or the thing itself. */
function resolve(api, schema) {
  const path = schema?.$ref?.replace(/^#\//, '').split('/');
  return path ? path.reduce((at, name) => at?.[name], api) : schema;
}

/** A schema in words, as deep as it says something: `{id: string, title?: string}`. */
function shape(api, schema, depth = 0) {
  const here = resolve(api, schema);
  if (!here || depth > 5) return '…';
  const options = here.oneOf ?? here.anyOf;
  if (options) {
    return options.filter((one) => one.type !== 'null').map((one) => shape(api, one, depth)).join(' | ');
  }
  if (here.allOf) return here.allOf.map((one) => shape(api, one, depth)).join(' & ');
  const type = Array.isArray(here.type) ? here.type.filter((one) => one !== 'null').join(' | ') : here.type;
  if (type === 'array') return `[${shape(api, here.items, depth + 1)}]`;
  if (here.enum) return here.enum.map((one) => JSON.stringify(one)).join(' | ');
  if (!here.properties) return type ?? 'anything';
  const indent = '  '.repeat(depth + 1);
  const lines = Object.entries(here.properties).map(([name, property]) => {
    const optional = here.required?.includes(name) ? '' : '?';
    const about = property.description ?? resolve(api, property)?.description;
    const comment = about ? `  // ${about.replaceAll('\n', ' ')}` : '';
    return `${indent}${name}${optional}: ${shape(api, property, depth + 1)}${comment}`;
  });
  return `{\n${lines.join('\n')}\n${'  '.repeat(depth)}}`;
}

/** A body to start from. */
function example(api, schema, depth = 0) {
  const here = resolve(api, schema);
  if (!here || depth > 5) return null;
  if (here.example !== undefined) return here.example;
  const type = Array.isArray(here.type) ? here.type[0] : here.type;
  if (here.enum) return here.enum[0];
  if (type === 'object' || here.properties) {
    const required = Object.entries(here.properties ?? {}).filter(([name]) => here.required?.includes(name));
    return Object.fromEntries(required.map(([name, property]) => [name, example(api, property, depth + 1)]));
  }
  return { array: [], string: '', integer: 0, number: 0, boolean: false }[type] ?? null;
}

function call(api, path, method, operation) {
  const body = operation.requestBody?.content?.['application/json']?.schema;
  const parameters = (operation.parameters ?? []).map((one) => resolve(api, one));
  const inputs = new Map();
  const form = make('form', 'try');
  for (const parameter of parameters) {
    const input = make('input');
    input.required = parameter.required ?? false;
    inputs.set(parameter, input);
    form.append(make('label', '', `${parameter.name} `, input));
  }
  const text = body && make('textarea');
  if (text) {
    text.value = JSON.stringify(example(api, body), null, 2);
    text.rows = 6;
    text.spellcheck = false;
    form.append(make('label', '', 'Body ', text));
  }
  const answer = make('pre', 'answer');
  answer.hidden = true;
  answer.tabIndex = 0;
  form.append(make('button', '', 'Call'), answer);
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    let url = path;
    const query = new URLSearchParams();
    for (const [parameter, input] of inputs) {
      if (parameter.in === 'path') url = url.replace(`{${parameter.name}}`, encodeURIComponent(input.value));
      else if (parameter.in === 'query' && input.value) query.set(parameter.name, input.value);
    }
    if (query.size) url += `?${query}`;
    const token = document.getElementById('token').value.trim();
    const headers = { ...(token && { authorization: `Bearer ${token}` }), ...(text && { 'content-type': 'application/json' }) };
    answer.hidden = false;
    try {
      const response = await fetch(url, { method: method.toUpperCase(), headers, body: text?.value });
      answer.textContent = `${response.status} ${response.statusText}\n\n${await response.text()}`;
    } catch (error) {
      answer.textContent = String(error);
    }
  });

  const details = make('details', 'call');
  const name = make('code', '', path);
  details.append(
    make('summary', '', make('b', `method ${method}`, method.toUpperCase()), name, make('span', '', operation.summary ?? '')),
    make('div', 'inside',
      operation.description && make('p', '', operation.description),
      make('p', 'door', operation.security?.length ? 'Administrators only' : 'Open, or signed by the shop'),
      body && make('h3', '', 'Body'), body && make('pre', '', shape(api, body)),
      make('h3', '', 'Answers'),
      ...Object.entries(operation.responses ?? {}).map(([status, response]) => {
        const content = Object.values(response.content ?? {})[0]?.schema;
        return make('div', 'status', make('b', '', status), ` ${response.description ?? ''}`, content && make('pre', '', shape(api, content)));
      }),
      form),
  );
  return details;
}

function show(api) {
  document.getElementById('about').textContent = `${api.info.version} · ${api.info.description ?? ''}`;
  const groups = new Map();
  for (const [path, item] of Object.entries(api.paths)) {
    for (const method of METHODS.filter((one) => item[one])) {
      const group = item[method].tags?.[0] ?? 'more';
      if (!groups.has(group)) groups.set(group, make('section', '', make('h2', '', group)));
      groups.get(group).append(call(api, path, method, item[method]));
    }
  }
  document.getElementById('calls').replaceChildren(...groups.values());
}

fetch('/api/v1/openapi.json')
  .then((response) => response.json())
  .then(show)
  .catch((error) => document.getElementById('calls').replaceChildren(make('p', '', `The document did not load: ${error}`)));
