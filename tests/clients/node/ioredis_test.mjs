// npm's ioredis against a cluster of three nodes.
import Redis from 'ioredis';

import {MEBIBYTE, allBytes, assert, check, cluster, countAcross, finish, ports, sleep} from './harness.mjs';

function connect(defer, node, options = {}) {
  const client = new Redis(ports[node], '127.0.0.1', {retryStrategy: () => 50, ...options});
  client.on('error', () => {});  // it connects again by itself
  defer(() => client.disconnect());
  return client;
}

await check('every node reads what every node wrote', async (defer) => {
  const clients = ports.map((_, node) => connect(defer, node));
  for (const [writer, client] of clients.entries()) {
    assert.equal(await client.set('k', `node ${writer}`), 'OK');
    for (const reader of clients) {
      assert.equal(await reader.get('k'), `node ${writer}`);
    }
  }
});

await check('it finds the server ready', async (defer) => {
  const client = connect(defer, 0, {connectionName: 'tester'});
  await client.ping();
  assert.equal(client.status, 'ready');
  assert.equal(await client.client('GETNAME'), 'tester');
});

await check('pipeline, with an error in its place', async (defer) => {
  const client = connect(defer, await cluster.follower());
  const replies = await client.pipeline().set('s', 'x').incr('s').get('s').exec();
  assert.deepEqual([replies[0], replies[2]], [[null, 'OK'], [null, 'x']]);
  assert.match(replies[1][0].message, /not an integer/);
  const long = client.pipeline();
  for (let i = 0; i < 1000; ++i) {
    long.incr('n');
  }
  assert.deepEqual((await long.exec()).map(([, value]) => value), Array.from({length: 1000}, (_, i) => i + 1));
});

await check('automatic pipelining', async (defer) => {
  const client = connect(defer, 0, {enableAutoPipelining: true});
  await Promise.all(Array.from({length: 100}, (_, i) => client.set(`k${i}`, i)));
  assert.equal(await client.dbsize(), 100);
});

await check('transaction', async (defer) => {
  for (const node of ports.keys()) {
    const client = connect(defer, node);
    assert.deepEqual(await client.multi().set('t', 1).incr('t').exec(), [[null, 'OK'], [null, 2]]);
    await assert.rejects(client.multi().set('t', 1).call('GET').exec(), /EXECABORT/);
  }
});

await check('watch conflict', async (defer) => {
  const [client, other] = [connect(defer, 0), connect(defer, 1)];
  await client.set('w', 1);
  await client.watch('w');
  await other.set('w', 2);
  assert.equal(await client.multi().set('w', 3).exec(), null);
  assert.equal(await client.get('w'), '2');
});

await check('scan', async (defer) => {
  const client = connect(defer, await cluster.follower());
  const names = Array.from({length: 500}, (_, i) => `s:${i}`);
  await client.mset(...names.flatMap((name) => [name, 1]), 'other', 1);
  const found = new Set();
  for await (const some of client.scanStream({match: 's:*', count: 50})) {
    some.forEach((name) => found.add(name));
  }
  assert.deepEqual([...found].sort(), names.sort());
});

await check('expiry', async (defer) => {
  const client = connect(defer, 0);
  await client.set('e', 1, 'PX', 1000);
  assert((await client.pttl('e')) > 0);
  await sleep(1200);
  assert.equal(await client.get('e'), null);
});

await check('binary and large values', async (defer) => {
  const client = connect(defer, await cluster.follower());
  const value = Buffer.alloc(16 * MEBIBYTE, allBytes);
  for (const size of [0, 256, MEBIBYTE, 16 * MEBIBYTE]) {
    await client.set(allBytes, value.subarray(0, size));
    assert((await client.getBuffer(allBytes)).equals(value.subarray(0, size)), `${size} bytes`);
  }
});

await check('errors', async (defer) => {
  const client = connect(defer, 0);
  await client.set('text', 'x');
  await assert.rejects(client.incr('text'), {name: 'ReplyError', message: /^ERR value is not an integer/});
  await assert.rejects(client.call('NOSUCH', 'x'), /^ReplyError: ERR unknown command 'NOSUCH'/);
  assert.equal(await client.get('text'), 'x');
});

await check('a fail-over behind a follower is not noticed', async (defer) => {
  const client = connect(defer, await cluster.follower(), {maxRetriesPerRequest: 0});
  for (let i = 1; i <= 300; ++i) {
    if (i === 100) {
      await cluster.kill(await cluster.leader());
    }
    assert.equal(await client.incr('count'), i);
  }
});

await check('the node it is connected to fails and comes back', async (defer) => {
  const leader = await cluster.leader();
  // What is under way when the connection breaks is reported, not sent again.
  const client = connect(defer, leader, {autoResendUnfulfilledCommands: false, maxRetriesPerRequest: 0});
  const failOver = async () => {
    await cluster.kill(leader);
    await cluster.restart(leader);
  };
  await countAcross(failOver, () => client.incr('count'), () => client.get('count'));
});

await check('its cluster client follows the leader', async (defer) => {
  const client = new Redis.Cluster(ports.map((port) => ({host: '127.0.0.1', port})), {
    clusterRetryStrategy: () => 50,
    // Else it sends by itself again what may have been applied.
    retryDelayOnFailover: 0,
    redisOptions: {autoResendUnfulfilledCommands: false},
  });
  client.on('error', () => {});
  defer(() => client.disconnect());
  const failOver = async () => cluster.kill(await cluster.leader());
  // Until it asks for the slots again, it takes every node for a replica: its connections are
  // READONLY, and a GET may be answered with an older state. A write is not.
  await countAcross(failOver, () => client.incr('count'), () => client.incrby('count', 0));
  assert.deepEqual(await client.mget('{a}x', '{a}y'), [null, null]);
});

finish();
