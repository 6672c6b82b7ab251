// A bank's client by the package `smpp`. Says what it sees, a JSON object a line, and does what it is told on its
// input in the same form: {"submit": {...}}, {"parts": {...}}, {"query": "id"}, {"cancel": "id"}, {"enquire": true},
// {"unbind": true}. It binds as its third argument says: transmitter, receiver, transceiver.
'use strict';

const fs = require('fs');
const readline = require('readline');
const smpp = require('smpp');

const [, , port, mode, systemId, password, ca] = process.argv;
const tell = (fact) => process.stdout.write(`${JSON.stringify(fact)}\n`);

const secured = ca ? { tls: true, ca: fs.readFileSync(ca), servername: '127.0.0.1' } : {};
const session = smpp.connect({ host: '127.0.0.1', port: Number(port), ...secured }, () => {
  const body = { system_id: systemId, password };
  session[`bind_${mode}`](body, (pdu) => tell({ bound: pdu.command_status, name: pdu.system_id }));
});

session.on('error', (error) => tell({ error: String(error.code || error) }));
session.on('close', () => tell({ closed: true }));
session.on('enquire_link', (pdu) => { tell({ enquired: true }); session.send(pdu.response()); });
session.on('unbind', (pdu) => { tell({ goodbye: true }); session.send(pdu.response()); session.close(); });
session.on('deliver_sm', (pdu) => {
  session.send(pdu.response());
  tell({
    receipt: String(pdu.short_message.message),
    id: pdu.receipted_message_id,
    state: pdu.message_state,
    from: pdu.source_addr,
    to: pdu.destination_addr,
    kind: pdu.esm_class,
  });
});

const submitted = (pdu) => tell({ submitted: pdu.command_status, id: pdu.message_id });

// The package reads and writes times as dates.
const withDates = (given) => {
  const { validity_s: validity, ...rest } = given;
  return validity ? { ...rest, validity_period: new Date(Date.now() + 1000 * validity) } : rest;
};

// The package parts no texts: each part is given a user data header.
const submitParts = ({ texts, reference, ...rest }) => texts.forEach((text, place) => {
  const udh = Buffer.from([5, 0, 3, reference, texts.length, place + 1]);
  session.submit_sm({ ...rest, esm_class: smpp.ESM_CLASS.UDH_INDICATOR, short_message: { udh, message: text } }, submitted);
});

readline.createInterface({ input: process.stdin }).on('line', (line) => {
  const told = JSON.parse(line);
  if (told.submit) {
    session.submit_sm(withDates(told.submit), submitted);
  }
  if (told.parts) {
    submitParts(told.parts);
  }
  if (told.query) {
    session.query_sm({ message_id: told.query }, (pdu) => tell({
      queried: pdu.command_status, id: pdu.message_id, state: pdu.message_state, error: pdu.error_code,
    }));
  }
  if (told.cancel) {
    session.cancel_sm({ message_id: told.cancel }, (pdu) => tell({ cancelled: pdu.command_status }));
  }
  if (told.enquire) {
    session.enquire_link((pdu) => tell({ answered: pdu.command_status }));
  }
  if (told.unbind) {
    session.unbind(() => { tell({ unbound: true }); session.close(); });
  }
}).on('close', () => process.exit(0));
