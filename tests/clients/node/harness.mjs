// What the tests of ioredis and node-redis share: checks one after the other on a cluster that the
// program above this one started (support.py, converse).
import assert from 'node:assert/strict';
import {once} from 'node:events';
import {createInterface} from 'node:readline';
import {setTimeout as sleep} from 'node:timers/promises';

export {assert, sleep};

export const ports = process.env.CLUSTER_PORTS.split(',').map(Number);
export const allBytes = Buffer.from(Array.from({length: 256}, (_, i) => i));
export const MEBIBYTE = 1024 * 1024;

const answers = createInterface({input: process.stdin});
answers.on('close', () => process.exit(2));  // whoever answers has failed, and said why

async function ask(question) {
  const answer = once(answers, 'line');
  process.stdout.write(`@${question}\n`);
  return (await answer)[0];
}

// Nodes are counted from 0.
export const cluster = {
  leader: async () => Number(await ask('leader')),
  follower: async () => (await cluster.leader() + 1) % ports.length,
  kill: (node) => ask(`kill ${node}`),          // kill -9
  restart: (node) => ask(`restart ${node}`),    // returns when it serves
  reset: () => ask('reset'),                    // all nodes up, no keys
};

let failed = 0;

// Runs one check on a cluster that is whole and empty.
export async function check(name, body) {
  await cluster.reset();
  const cleanups = [];
  // A client that never answers is a failure with a name. Nothing comes after it: it may yet wake up.
  const hung = setTimeout(() => {
    console.log(`FAILED  ${name}: it hangs`);
    process.exit(1);
  }, 120_000);
  try {
    await body((cleanup) => cleanups.push(cleanup));
    console.log(`ok      ${name}`);
  } catch (error) {
    failed += 1;
    console.log(`FAILED  ${name}\n${error.stack}`);
  } finally {
    clearTimeout(hung);
  }
  for (const cleanup of cleanups) {
    await cleanup();
  }
}

// Increments until `increment` has been served for a while after `failOver`; `read` then tells
// whether what was acknowledged is there, and no more than what was asked for.
export async function countAcross(failOver, increment, read) {
  const deadline = Date.now() + 60_000;
  let acknowledged = 0;
  let unknown = 0;
  let failing = null;
  while (acknowledged < 200) {
    assert(Date.now() < deadline, `no service: ${acknowledged} acknowledged, ${unknown} unknown`);
    if (acknowledged === 100 && failing === null) {
      failing = failOver();
    }
    try {
      await increment();
      acknowledged += 1;
    } catch {
      unknown += 1;
      await sleep(20);
    }
  }
  await failing;
  const value = Number(await read());
  assert(value >= acknowledged, `${acknowledged} acknowledged, ${value} there`);
  assert(value <= acknowledged + unknown, `${acknowledged + unknown} asked for, ${value} there`);
}

export function finish() {
  console.log(failed === 0 ? 'all passed' : `${failed} failed`);
  process.exit(failed === 0 ? 0 : 1);
}
