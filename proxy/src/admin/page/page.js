// The page of the admin interface: asks this process what it does, and draws it.
//
// What the process says is text and is only ever set as text (`build` is the one place that makes elements). A poll
// costs what is shown, not what is configured: lists are searched and cut by the process.

const PERIOD = 2_000;
// Rates and latencies are those of so long.
const WINDOW = 10_000;
// Entries of a list and rules of a route that are drawn.
const ENTRIES = 100;
const RULES = 8;
const LOSERS = 10;

const byId = id => document.getElementById(id);

// ---- Elements. Contents are described by texts and { tag, class, scope, href, parts }.

function build(part) {
  if (typeof part !== 'object') return document.createTextNode(part);
  const node = document.createElement(part.tag ?? 'span');
  if (part.class) node.className = part.class;
  if (part.scope) node.scope = part.scope;
  if (part.href) node.href = part.href;
  node.append(...(part.parts ?? []).map(build));
  return node;
}

const drawn = new WeakMap();

// Touches nothing that is as it should be: what is selected stays selected, and nothing flickers.
function draw(node, ...parts) {
  const description = JSON.stringify(parts);
  if (drawn.get(node) === description) return;
  drawn.set(node, description);
  node.replaceChildren(...parts.map(build));
}

const part = (tag, name, ...parts) => ({ tag, class: name, parts });
const muted = text => part('span', 'muted', text);
const code = text => part('code', '', text);
const badge = (text, kind) => part('span', `badge ${kind}`, text);
const line = (...parts) => part('span', 'line', ...parts);

// ---- Tables. A row is { key, cells, sub }, a cell a list of parts; rows keep their elements.

class Table {
  constructor(table, columns) {
    this.columns = columns;
    this.rows = new Map();
    const heads = columns.map(({ head, kind }) => ({ tag: 'th', class: kind, scope: 'col', parts: [head] }));
    const head = build(part('thead', '', part('tr', '', ...heads)));
    head.role = 'rowgroup';
    head.firstChild.role = 'row';
    for (const cell of head.firstChild.children) cell.role = 'columnheader';
    this.body = document.createElement('tbody');
    this.body.role = 'rowgroup';
    table.replaceChildren(head, this.body);
  }

  draw(rows) {
    const before = this.rows;
    this.rows = new Map();
    let next = this.body.firstChild;
    for (const row of rows) {
      const element = before.get(row.key) ?? this.row(row.sub);
      before.delete(row.key);
      this.rows.set(row.key, element);
      row.cells.forEach((cell, index) => draw(element.children[index], ...cell));
      if (element === next) next = next.nextSibling;
      else this.body.insertBefore(element, next);
    }
    before.forEach(element => element.remove());
  }

  row(isSub) {
    const row = document.createElement('tr');
    row.role = 'row';
    if (isSub) row.className = 'sub';
    this.columns.forEach(({ head, kind }, index) => {
      const cell = document.createElement(index === 0 ? 'th' : 'td');
      cell.className = kind ?? '';
      cell.role = index === 0 ? 'rowheader' : 'cell';
      if (index === 0) cell.scope = 'row';
      cell.dataset.head = head;
      row.append(cell);
    });
    return row;
  }
}

const text = head => ({ head, kind: 'text' });
const figure = head => ({ head, kind: 'n' });

// ---- Words for figures; «–» where nothing is known or nothing happened.

const whole = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });
const short = new Intl.NumberFormat('en', { maximumSignificantDigits: 3 });

function count(number) {
  return number === undefined || number === null ? '–' : whole.format(number);
}

function rate(number) {
  if (number === undefined) return '–';
  return number >= 100 ? whole.format(number) : short.format(number);
}

function percent(share) {
  return `${short.format(share)} %`;
}

function bytes(number) {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let unit = 0;
  for (; number >= 1024 && unit < units.length - 1; unit += 1) number /= 1024;
  return `${short.format(number)} ${units[unit]}`;
}

function duration(seconds) {
  if (seconds < 1) return `${short.format(seconds * 1000)} ms`;
  if (seconds < 60) return `${short.format(seconds)} s`;
  const [days, hours, minutes] = [86400, 3600, 60].map(unit => Math.floor(seconds / unit));
  if (days) return `${days} d ${hours % 24} h`;
  return hours ? `${hours} h ${minutes % 60} min` : `${minutes} min ${Math.floor(seconds % 60)} s`;
}

function place({ file, line }) {
  return `${file}:${line}`;
}

const alarming = (text, isBad) => (isBad ? part('span', 'bad', text) : text);

// ---- What was seen before, by which rates are told.

class History {
  samples = [];

  add(objects) {
    const now = performance.now();
    const named = objects.map(object => [object.name, object]);
    this.samples = this.samples.filter(({ at }) => now - at <= WINDOW);
    this.samples.push({ at: now, objects: new Map(named) });
  }

  // The oldest sight of an object within the window, and its age in seconds.
  before(name) {
    const now = performance.now();
    const seen = this.samples.find(({ at, objects }) => now - at <= WINDOW && objects.has(name));
    return seen && { object: seen.objects.get(name), seconds: (now - seen.at) / 1000 };
  }

  // By how much a counter has grown; `undefined` where there is nothing to compare it with.
  growth(object, read) {
    const before = this.before(object.name);
    const growth = before && read(object) - read(before.object);
    return growth >= 0 ? growth : undefined;
  }

  rate(object, read) {
    const growth = this.growth(object, read);
    return growth === undefined ? undefined : growth / this.before(object.name).seconds;
  }

  // The bound that so many of the latencies of the window do not exceed.
  quantile(object, read, share) {
    const before = this.before(object.name);
    if (!before) return '–';
    const known = new Map(read(before.object).buckets);
    const grown = read(object).buckets.map(([bound, number]) => [bound, number - (known.get(bound) ?? 0)]);
    let left = share * grown.reduce((sum, [, number]) => sum + number, 0);
    if (left <= 0) return '–';
    for (const [bound, number] of grown) {
      left -= number;
      if (left <= 0 && bound !== null) return `≤ ${duration(bound)}`;
    }
    return '> 30 s';
  }
}

const histories = {
  process: new History(),
  listeners: new History(),
  routes: new History(),
  clusters: new History(),
  endpoints: new History(),
};

// ---- Sections.

const tables = {
  refusals: new Table(byId('refusals'), [text('Reason'), text('Flag'), figure('Per second'), figure('Total')]),
  listeners: new Table(byId('listeners').querySelector('table'), [
    text('Listener'), text('Profile'), figure('Connections'), figure('Accepted'),
    figure('Requests/s'), figure('Requests'), figure('Without a route'),
  ]),
  routes: new Table(byId('routes').querySelector('table'), [
    text('Route'), figure('Requests/s'), figure('Errors'), figure('p50'), figure('p99'), figure('Active'),
    figure('Requests'),
  ]),
  clusters: new Table(byId('clusters').querySelector('table'), [
    text('Cluster and endpoints'), text('State'), figure('Weight'), figure('Requests/s'), figure('p50'), figure('p99'),
    figure('In use'), figure('Waiting'), figure('Open'), figure('Idle'), figure('Connect failures'),
  ]),
  objects: new Table(byId('objects').querySelector('table'), [
    text('Object'), text('Status'), { head: 'Hash', kind: 'tight' }, { head: 'Written in', kind: 'text wide' },
  ]),
};

function tile(name, value, ...small) {
  return part('div', '', part('dt', '', name), part('dd', '', value, part('small', '', ...small)));
}

function drawProcess(process) {
  const self = { ...process, name: '' };
  const { config } = process;
  const cpu = histories.process.rate(self, it => it.cpuSeconds);
  draw(byId('version'), process.version);
  byId('state').className = `badge ${process.state === 'ready' ? 'good' : 'warn'}`;
  byId('state').title = process.why;
  draw(byId('state'), process.state);
  draw(
    byId('overview'),
    tile('Up for', duration(Math.ceil(process.uptimeSeconds ?? 0)), process.why),
    tile('Configuration', `generation ${config.generation}`,
      config.applied < config.generation ? `workers are at ${config.applied}` : `${duration(Math.ceil(config.ageSeconds ?? 0))} old`),
    tile('Objects', count(config.objects),
      config.quarantined
        ? { tag: 'a', class: 'bad', href: '#objects', parts: [`${count(config.quarantined)} set aside`] }
        : 'none set aside'),
    tile('Requests', `${rate(histories.process.rate(self, it => it.requests))} /s`, `${count(process.requests)} in all`),
    tile('Connections', count(process.connections), `of ${count(process.connectionsLimit)}`),
    tile('Processor', cpu === undefined ? '–' : percent(cpu * 100), `of a core; ${count(process.workers)} workers`),
    tile('Memory', bytes(process.residentBytes ?? 0), 'resident'),
    tile('Open files', count(process.openFds), `of ${count(process.maxFds)}`),
  );
  const before = histories.process.before('');
  const refusals = process.refusals.map(refusal => {
    const known = before?.object.refusals.find(it => it.flag === refusal.flag && it.reason === refusal.reason);
    const grown = before && (refusal.count - (known?.count ?? 0)) / before.seconds;
    return {
      key: `${refusal.flag} ${refusal.reason}`,
      cells: [[refusal.reason], [code(refusal.flag)], [rate(grown)], [count(refusal.count)]],
    };
  });
  byId('refusals-box').hidden = refusals.length === 0;
  tables.refusals.draw(refusals);
  histories.process.add([self]);
}

function drawListeners({ listeners, total }) {
  const history = histories.listeners;
  drawCount('listeners', listeners.length, total, total);
  tables.listeners.draw(listeners.map(listener => ({
    key: listener.name,
    cells: [
      [part('span', 'name', listener.name), ' ', code(listener.address), line(muted(place(listener.place)))],
      [listener.profile],
      [`${count(listener.connections)} of ${count(listener.connectionsLimit)}`],
      [count(listener.accepted)],
      [rate(history.rate(listener, it => it.requests))],
      [count(listener.requests)],
      [count(answered(listener.unrouted))],
    ],
  })));
  const choices = listeners.map(listener => part('option', '', listener.name));
  const chosen = byId('ask').elements.listener;
  const name = chosen.value;
  draw(chosen, part('option', '', 'on the URL\'s port'), ...choices);
  chosen.firstChild.value = '';
  chosen.value = name;
  history.add(listeners);
}

function answered(requests) {
  return ['1xx', '2xx', '3xx', '4xx', '5xx', 'cancelled'].reduce((sum, name) => sum + requests[name], 0);
}

function drawRoutes({ routes, total, matching }) {
  const history = histories.routes;
  drawCount('routes', routes.length, matching, total);
  tables.routes.draw(routes.map(route => {
    const all = history.growth(route, it => answered(it.requests));
    const failed = history.growth(route, it => it.requests['5xx']);
    return {
      key: route.name,
      cells: [
        describeRoute(route),
        [rate(history.rate(route, it => answered(it.requests)))],
        [all ? alarming(percent((failed / all) * 100), failed > 0) : '–'],
        [history.quantile(route, it => it.requests.latency, 0.5)],
        [history.quantile(route, it => it.requests.latency, 0.99)],
        [count(route.requests.active)],
        [count(answered(route.requests))],
      ],
    };
  }));
  history.add(routes);
}

function describeRoute(route) {
  const lost = route.listeners.filter(listener => !listener.exists);
  const parts = [
    part('span', 'name', route.name), ' ',
    muted(route.hosts.length ? route.hosts.join(', ') : 'every host'),
    ...lost.map(listener => line(part('span', 'bad', `there is no listener ${listener.name}`))),
  ];
  for (const rule of route.rules.slice(0, RULES)) parts.push(part('span', 'line rule', ...describeRule(rule, route)));
  const more = route.rules.length - RULES;
  if (more > 0) parts.push(line(muted(`and ${count(more)} more ${more === 1 ? 'rule' : 'rules'}`)));
  return parts;
}

function describeRule(rule, route) {
  const filters = rule.filters.length ? rule.filters : route.filters;
  const to = rule.backends.length ? rule.backends.map(backend => share(backend)) : [badge(filters.join(', '), '')];
  const through = rule.backends.length && filters.length ? [' ', badge(filters.join(', '), '')] : [];
  const isNumber = rule.name.startsWith('#');
  return [
    isNumber ? muted(`rule ${rule.name} `) : `${rule.name} `,
    muted(rule.matches.join(', or ')), ' → ', ...to.flatMap((it, index) => (index ? [', ', it] : [it])), ...through,
  ];
}

function share({ cluster, share, exists }) {
  const name = `${cluster} ${percent(share)}`;
  return exists ? part('span', 'share', name) : part('span', 'share bad', `${name}: no such cluster, answered with 500`);
}

function drawClusters({ clusters, total, matching }) {
  drawCount('clusters', clusters.length, matching, total);
  const endpoints = clusters.flatMap(cluster => cluster.endpoints.map(endpoint => named(endpoint, cluster)));
  tables.clusters.draw(clusters.flatMap(cluster => [
    clusterRow(cluster),
    ...cluster.endpoints.map(endpoint => endpointRow(named(endpoint, cluster))),
  ]));
  histories.clusters.add(clusters);
  histories.endpoints.add(endpoints);
}

const named = (endpoint, cluster) => ({ ...endpoint, name: `${cluster.name} ${endpoint.address}` });

function clusterRow(cluster) {
  const history = histories.clusters;
  const limit = cluster.connections + cluster.connectionsAvailable;
  return {
    key: cluster.name,
    cells: [
      [part('span', 'name', cluster.name), ' ', muted(`${cluster.protocol}, ${cluster.balancer}`)],
      [stateOf(cluster, history)],
      [],
      [rate(history.rate(cluster, it => it.requests))],
      [history.quantile(cluster, it => it.latency, 0.5)],
      [history.quantile(cluster, it => it.latency, 0.99)],
      [count(cluster.active)],
      [alarming(count(cluster.pending), cluster.pending > 0)],
      [`${count(cluster.connections)} of ${count(limit)}`],
      [count(cluster.connectionsIdle)],
      [alarming(count(cluster.connectFailures), cluster.connectFailures > 0)],
    ],
  };
}

function endpointRow(endpoint) {
  const history = histories.endpoints;
  return {
    key: endpoint.name,
    sub: true,
    cells: [
      [code(endpoint.address)],
      [stateOf(endpoint, history)],
      [count(endpoint.weight)],
      [rate(history.rate(endpoint, it => it.requests))],
      [], [],
      [count(endpoint.active)],
      [],
      [count(endpoint.connections)],
      [],
      [alarming(count(endpoint.connectFailures), endpoint.connectFailures > 0)],
    ],
  };
}

// What a cluster or an endpoint does, as far as the window tells.
function stateOf(object, history) {
  if (history.growth(object, it => it.connectFailures) > 0) return badge('failing', 'bad');
  if (history.growth(object, it => it.overflows ?? 0) > 0) return badge('full', 'warn');
  if (object.active > 0 || history.growth(object, it => it.requests) > 0) return badge('in use', 'good');
  return badge(object.requests > 0 ? 'at rest' : 'unused', '');
}

const STATUS = { active: 'good', warming: 'warn', draining: 'warn', quarantined: 'bad' };

function drawObjects({ objects, total, matching }) {
  drawCount('objects', objects.length, matching, total);
  tables.objects.draw(objects.map(object => {
    const { reason } = object;
    const serves = object.serves ? 'its last good version serves' : 'nothing of it serves';
    const parts = [`${object.kind} `, part('span', 'name', `${object.namespace}/${object.name}`)];
    if (reason) {
      parts.push(line(part('span', 'bad', `${reason.code}: ${reason.message}`), ` at ${place(reason)}:${reason.column}`));
      if (reason.help) parts.push(line(muted(reason.help)));
      parts.push(line(muted(serves)));
    }
    return {
      key: `${object.kind} ${object.namespace}/${object.name}`,
      cells: [
        parts,
        [badge(object.status, STATUS[object.status] ?? '')],
        object.hash ? [code(object.hash.slice(0, 8))] : [],
        object.file ? [place(object)] : [],
      ],
    };
  }));
}

function drawCount(section, shown, matching, total) {
  const found = matching === total ? count(total) : `${count(matching)} of ${count(total)}`;
  const cut = shown < matching ? `${found}, the first ${count(shown)} are shown: filter to see others` : found;
  draw(byId(section).querySelector('.count'), cut);
}

// ---- Polling.

async function get(path, parameters = {}) {
  const query = new URLSearchParams(parameters);
  const answer = await fetch(`${path}?${query}`, {
    headers: { accept: 'application/json' },
    signal: AbortSignal.timeout(10_000),
  });
  const isJson = answer.headers.get('content-type') === 'application/json';
  const said = isJson ? await answer.json() : { error: await answer.text() };
  if (!answer.ok) throw new Error(said.error);
  return said;
}

function searched(section) {
  const search = byId(section).querySelector('input[type="search"]')?.value.trim();
  return { limit: ENTRIES, ...(search && { search }) };
}

let turn = 0;
let timer;
let isPaused = false;

async function refresh() {
  clearTimeout(timer);
  turn += 1;
  const mine = turn;
  try {
    const answers = await Promise.all([
      get('process'),
      ...['listeners', 'routes', 'clusters', 'objects'].map(section => get(section, searched(section))),
    ]);
    if (mine !== turn) return;
    const [process, listeners, routes, clusters, objects] = answers;
    drawProcess(process);
    drawListeners(listeners);
    drawRoutes(routes);
    drawClusters(clusters);
    drawObjects(objects);
    byId('alert').hidden = true;
  } catch (error) {
    if (mine !== turn) return;
    draw(byId('alert'), `The process does not answer: ${error.message}. What is shown may be old; trying again.`);
    byId('alert').hidden = false;
  }
  if (!isPaused && !document.hidden) timer = setTimeout(refresh, PERIOD);
}

byId('pause').addEventListener('click', () => {
  isPaused = !isPaused;
  byId('pause').setAttribute('aria-pressed', isPaused);
  draw(byId('pause'), isPaused ? 'Resume' : 'Pause');
  draw(byId('note'), isPaused ? `as it was at ${new Date().toLocaleTimeString()}` : '');
  if (isPaused) clearTimeout(timer);
  else refresh();
});
document.addEventListener('visibilitychange', () => {
  if (!document.hidden && !isPaused) refresh();
});
for (const input of document.querySelectorAll('input[type="search"]')) {
  let typing;
  input.addEventListener('input', () => {
    clearTimeout(typing);
    typing = setTimeout(refresh, 150);
  });
}

// ---- Explain.

const quoted = text => `'${text.replaceAll("'", "'\\''")}'`;

// The request of the form, as `tidegate explain` takes it.
function described(form) {
  const url = form.url.value.trim();
  if (/^curl\s/.test(url)) return url;
  const headers = form.headers.value.split('\n').filter(header => header.trim());
  return ['-X', quoted(form.method.value.trim() || 'GET'), ...headers.flatMap(header => ['-H', quoted(header)]), quoted(url)]
    .join(' ');
}

byId('ask').addEventListener('submit', async event => {
  event.preventDefault();
  const form = event.target.elements;
  const listener = form.listener.value;
  try {
    drawExplanation(await get('explain', { request: described(form), ...(listener && { listener }) }), false);
  } catch (error) {
    draw(byId('answer'), part('pre', 'bad', error.message));
  }
});

function drawExplanation(explanation, isWhole) {
  const { request, listener, losers } = explanation;
  const query = request.query === null ? '' : `?${request.query}`;
  const facts = [
    ['Request', code(`${request.method} ${request.path}${query}`), ` of host ${request.host}`],
    ['Listener', part('span', 'name', listener.name), ` on ${listener.address}`, at(listener)],
    ...(explanation.outcome === 'routed' ? winner(explanation) : []),
  ];
  const answers = explanation.outcome === 'answered';
  const heading = answers
    ? part('h3', 'bad', `Tidegate answers ${explanation.status} itself: ${explanation.reason}`)
    : part('h3', '', `Rule ${explanation.rule} of route ${explanation.route} serves it`);
  draw(byId('answer'), heading, describeFacts(facts), ...describeLosers(losers, isWhole));
  byId('all-losers')?.remove();
  if (!isWhole && losers.length > LOSERS) {
    const button = document.createElement('button');
    button.id = 'all-losers';
    button.type = 'button';
    button.textContent = `Show all ${count(losers.length)}`;
    button.addEventListener('click', () => drawExplanation(explanation, true));
    byId('answer').append(button);
  }
}

const at = ({ place: it }) => muted(` (${place(it)}:${it.column})`);
const describeFilter = filter => line(`${filter.filter}`, filter.on === 'rule' ? '' : muted(` from the ${filter.on}`), at(filter));

function winner({ route, rule, matched, filters, backends, timeouts, place }) {
  return [
    ['Rule', part('span', 'name', rule), ' of route ', part('span', 'name', route), at({ place })],
    ['Because', matched.says, at(matched)],
    ['Filters', ...(filters.length ? filters.map(describeFilter) : ['none'])],
    ['Backends', ...(backends.length
      ? backends.map(backend => line(share(backend), at(backend), ...backend.filters.map(describeFilter)))
      : ['none: a filter answers'])],
    ['Timeouts', `request ${timeouts.request ?? 'no limit'}, each try ${timeouts.backendRequest ?? 'no limit'}`],
  ];
}

function describeFacts(facts) {
  return part('dl', '', ...facts.flatMap(([name, ...parts]) => [part('dt', '', name), part('dd', '', ...parts)]));
}

function describeLosers(losers, isWhole) {
  if (losers.length === 0) return [];
  const shown = isWhole ? losers : losers.slice(0, LOSERS);
  const rules = losers.length === 1 ? 'rule does' : 'rules do';
  const row = loser => part('tr', '',
    { tag: 'th', scope: 'row', parts: [`${loser.rule} of `, part('span', 'name', loser.route)] },
    part('td', 'wide', badge(loser.reason, ''), ` ${loser.why}`),
    part('td', 'wide muted', place(loser.place)));
  const heads = ['Rule', 'Why not', 'Written in'].map(head => ({ tag: 'th', scope: 'col', parts: [head] }));
  return [
    part('h3', '', `${count(losers.length)} other ${rules} not serve it`),
    part('table', '', part('thead', '', part('tr', '', ...heads)), part('tbody', '', ...shown.map(row))),
  ];
}

refresh();
