// An SMS centre by the package `smpp`. Says what it sees, a JSON object a line, and does what it is told on
// its input in the same form: {"statuses": [88]}, {"drop": true}, {"unbind": true}, {"deliver": {...}}.
'use strict';

const fs = require('fs');
const readline = require('readline');
const smpp = require('smpp');

const [, , systemId, password, key, cert] = process.argv;
const statuses = [];
const sessions = new Set();
let ids = 0;

const tell = (fact) => process.stdout.write(`${JSON.stringify(fact)}\n`);

const textOf = (pdu) => {
  const held = pdu.message_payload || pdu.short_message;
  return { text: String(held.message), header: held.udh ? Buffer.concat(held.udh).toString('hex') : '' };
};

const receipt = (session, id) => session.deliver_sm({
  source_addr: '79031234567',
  destination_addr: 'BANK',
  esm_class: smpp.ESM_CLASS.MC_DELIVERY_RECEIPT,
  short_message: `id:${id} sub:001 dlvrd:001 submit date:2611211259 done date:2611211300 stat:DELIVRD err:000 text:`,
  receipted_message_id: id,
  message_state: smpp.MESSAGE_STATE.DELIVERED,
}, (answer) => tell({ receipt_answered: answer.command_status }));

const submit = (session, pdu) => {
  tell({
    submit: textOf(pdu),
    to: pdu.destination_addr,
    from: pdu.source_addr,
    coding: pdu.data_coding,
    sar: [pdu.sar_msg_ref_num, pdu.sar_total_segments, pdu.sar_segment_seqnum],
    valid_s: Math.round((pdu.validity_period - Date.now()) / 1000),
  });
  const status = statuses.length ? statuses.shift() : 0;
  if (status) {
    session.send(pdu.response({ command_status: status }));
    return;
  }
  ids += 1;
  const id = `node-${ids}`;
  session.send(pdu.response({ message_id: id }));
  if (pdu.registered_delivery) {
    receipt(session, id);
  }
};

const serve = (session) => {
  sessions.add(session);
  session.on('error', () => {});
  session.on('close', () => { sessions.delete(session); tell({ closed: true }); });
  session.on('bind_transceiver', (pdu) => {
    const known = pdu.system_id === systemId && pdu.password === password;
    tell({ bind: known, version: pdu.interface_version, type: pdu.system_type });
    session.send(pdu.response(known ? { system_id: 'node' } : { command_status: smpp.ESME_RINVPASWD }));
  });
  session.on('submit_sm', (pdu) => submit(session, pdu));
  session.on('enquire_link', (pdu) => { tell({ enquired: true }); session.send(pdu.response()); });
  session.on('unbind', (pdu) => { tell({ unbound: true }); session.send(pdu.response()); session.close(); });
};

const secured = key ? { key: fs.readFileSync(key), cert: fs.readFileSync(cert) } : {};
const server = smpp.createServer(secured, serve);
server.listen(0, '127.0.0.1', () => tell({ port: server.address().port }));

readline.createInterface({ input: process.stdin }).on('line', (line) => {
  const told = JSON.parse(line);
  statuses.push(...(told.statuses || []));
  for (const session of sessions) {
    if (told.drop) {
      session.destroy();
    }
    if (told.unbind) {
      session.unbind(() => session.close());
    }
    if (told.deliver) {
      session.deliver_sm(told.deliver, (answer) => tell({ delivered_answered: answer.command_status }));
    }
    if (told.enquire) {
      session.enquire_link((answer) => tell({ enquiry_answered: answer.command_status }));
    }
  }
}).on('close', () => process.exit(0));
