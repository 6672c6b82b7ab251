// Devino's SMS service by the package `soap`, from the WSDL that the gateway calls by. Says its port, then each
// call as it understood it, a JSON object a line.
'use strict';

const fs = require('fs');
const http = require('http');
const soap = require('soap');

const [, , wsdlFile, path, version, login, password] = process.argv;
const session = 'Z5CYSZEKDL1DPICU37WEHQVOYKP0T1GSLHX1';
const soap12 = version === '1.2';
let ids = 579700854169272358n;

const tell = (fact) => process.stdout.write(`${JSON.stringify(fact)}\n`);

const refuse = (words) => {
  const text = `Server was unable to process request. ---> ${words}`;
  const fault = soap12
    ? { Code: { Value: 'soap:Receiver' }, Reason: { Text: text }, statusCode: 500 }
    : { faultcode: 'soap:Server', faultstring: text, statusCode: 500 };
  throw { Fault: fault };
};

const authorise = (call) => {
  if ('sessionID' in call && call.sessionID !== session) refuse('SessionID expired');
  if ('login' in call && (call.login !== login || call.password !== password)) {
    refuse('Invalid user login or password');
  }
};

const operation = (name, carryOut) => (call) => {
  tell({ [name]: call });
  authorise(call);
  return { [`${name}Result`]: carryOut(call) };
};

const send = ({ message }) => {
  if (message.SourceAddress === 'NOBODY') refuse('Invalid source address');
  const segments = message.Data.length > 70 ? 2 : 1;
  return { string: Array.from({ length: segments }, () => String(ids++)) };
};

const state = ({ messageID }) => ({
  State: messageID === '46' ? 46 : 0,
  CreationDateUtc: '2013-08-29T07:31:00',
  SubmittedDateUtc: '2013-08-29T07:31:00',
  ReportedDateUtc: '2013-08-29T07:31:06.1234567',
  StateDescription: 'Доставлено',
  Price: '1.5',
});

const operations = {
  GetSessionID: operation('GetSessionID', () => session),
  GetBalance: operation('GetBalance', () => '20015.30'),
  SendMessage: operation('SendMessage', send),
  GetMessageState: operation('GetMessageState', state),
};

const name = path.includes('v2') ? 'SmsServiceV2' : 'SmsService';
const ports = { [`${name}Soap`]: operations, [`${name}Soap12`]: operations };
const server = http.createServer((_, answer) => { answer.statusCode = 404; answer.end(); });

server.listen(0, '127.0.0.1', () => {
  soap.listen(server, {
    path,
    services: { [name]: ports },
    xml: fs.readFileSync(wsdlFile, 'utf8'),
    forceSoap12Headers: soap12,
    disableCache: true,
    callback: () => tell({ port: server.address().port }),
  });
});
