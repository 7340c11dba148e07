import { startSimulator, SIMULATED_ACCOUNT } from '/work/main/src/simulator/index.ts'
import { spawnSync, spawn } from 'node:child_process'
import { mkdtempSync } from 'node:fs'
const folder = mkdtempSync('/tmp/adopt-')
const nz=Number(process.argv[2]??5), np=Number(process.argv[3]??10), ne=Number(process.argv[4]??20)
await using sim = await startSimulator({ callsPerSecond: Infinity, sims: ne+5 })
const { world } = sim
const networks=[...world.networks.values()]
const at=(await import('/work/main/src/simulator/zones.ts')); const pl=(await import('/work/main/src/simulator/plans.ts')); const ep=(await import('/work/main/src/simulator/endpoints.ts'))
const countries=[...new Set(networks.map(n=>n.countryName))]
for(let i=0;i<nz;i++){ const list = i%2? networks.filter(n=>n.countryName===countries[i%countries.length]||n.countryName===countries[(i+3)%countries.length]): networks.slice(i,i+3)
 at.createZone(world,{name:`Zone ${i}`,destGroupId:'2515',operatorIdList:list.map(n=>({operatorId:n.operatorId,sponsorId:n.sponsorId}))}) }
const zs=[...world.zones.keys()]
for(let i=0;i<np;i++) pl.createPlan(world,{basicInfo:{planName:`Plan ${i} GB`,planCategory:'ADDON',planType:'0',serviceProfile:'SP_1335',currencyId:'44',destinationGroup:'3017',addOnPriority:String(1+i%3),...(i%4===0?{planDescription:`Nice: #${i}, "x"`}:{})},benefit:[{benefitId:'1',value:String(512*(i+1)),rateZone:zs[i%zs.length]!}],charge:[{chargeAmount:`${i}.50`}],subscription:{reSubscription:'true',reSubscriptionRule:'2',occurrences:String(i%5===0?3:1),activatedBy:String(i%2)},validity:{validityType:'1',validityFactor:String(1+i%30)}})
const iccids=[...world.sims.keys()].slice(0,ne)
for(const [i,iccid] of iccids.entries()) ep.createEndpoint(world,{name:`n-${iccid}`,isLinkSIM:'true',isDefaultActivation:i%3===0?'true':'false',roamingProfileId:'3017',apnGroupId:'PDP_1785',planId:'DEFAULTPRE41274807',iccid},Date.now())
const run=(...args:string[])=>new Promise<number>(r=>{const t=Date.now();const c=spawn(process.execPath,['--import','tsx','/work/main/test/adopt/run-command.ts',...args],{stdio:'inherit',cwd:'/work/main',env:{...process.env,SFT_BASE_URL:sim.url,SFT_USERNAME:'simulator',SFT_PASSWORD:'simulator',SFT_CALLS_PER_SECOND:'1000',SFT_STATE:folder+'/s.json',SFT_CATALOG:folder+'/cat'}});c.on('exit',code=>{console.log('exit',code,Date.now()-t);r(code??-1)})})
await run('adopt','--dry-run'); await run('adopt'); await run('plan','--detailed-exitcode'); await run('adopt')
console.log(folder)
