/**
 * A surname as an English page says it: officers are stored by its one character, and whoever cannot read that can neither
 * say it at a door nor on a telephone. The readings are those that the characters have as surnames (Shan 单, Zeng 曾);
 * one that is rare, or read in two ways, stays the character that it is.
 */

const READINGS = `An安 Ai艾 Bai白柏 Ban班 Bao包鲍 Bi毕 Bian边卞 Bo薄 Bu卜 Cai蔡 Cao曹 Cen岑 Chai柴 Chang常 Chao晁 Che车 Chen陈 Cheng程成 Chi迟池 Chu褚储楚
Cong丛 Cui崔 Dai戴 Dang党 Deng邓 Diao刁 Ding丁 Dong董 Dou窦 Du杜 Duan段 Fan范樊 Fang方房 Fei费 Feng冯封 Fu付傅符 Gan甘 Gao高郜 Ge葛 Geng耿 Gong龚宫巩 Gou苟 Gu顾谷古
Guan关管官 Gui桂 Guo郭 Han韩 Hao郝 He何贺和 Hei黑 Hong洪 Hou侯 Hu胡扈 Hua华花 Huang黄 Hui惠 Huo霍 Ji季纪吉姬冀 Jia贾 Jian简 Jiang蒋姜江 Jiao焦 Jin金靳晋 Jing荆景 Ju鞠 Kang康 Ke柯
Kong孔 Kou寇 Kuang邝匡况 Lan兰蓝 Lang郎 Lei雷 Leng冷 Li李黎厉栗 Lian连廉 Liang梁 Liao廖 Lin林蔺 Ling凌 Liu刘柳 Long龙 Lou娄楼 Lu卢陆鲁路芦 Luan栾 Luo罗骆 Lü吕 Ma马麻 Mai麦 Mao毛茅
Mei梅 Meng孟蒙 Mi米 Miao苗 Min闵 Ming明 Mo莫 Mu穆牟 Nan南 Ni倪 Nie聂 Ning宁 Niu牛 Nong农 Ou欧区 Pan潘 Pang庞 Pei裴 Peng彭 Pi皮 Pu蒲浦 Qi齐祁戚 Qian钱 Qiao乔 Qin秦覃 Qiu邱裘仇 Qu曲屈
Quan全权 Ran冉 Rao饶 Ren任 Rong荣 Ruan阮 Rui芮 Sang桑 Sha沙 Shan单 Shang尚商 Shao邵 She佘 Shen沈申 Sheng盛 Shi石史施时师 Shu舒 Si司 Song宋 Su苏 Sui隋 Sun孙 Tan谭谈 Tang唐汤 Tao陶 Teng滕
Tian田 Tong童佟 Tu涂屠 Wan万 Wang王汪 Wei魏韦卫 Wen温文闻 Weng翁 Wu吴武伍巫邬 Xi席奚 Xia夏 Xian冼 Xiang向项 Xiao肖萧 Xie谢解 Xin辛 Xing邢 Xiong熊 Xu徐许胥 Xue薛 Yan严颜阎闫晏燕 Yang杨阳
Yao姚 Ye叶 Yi易 Yin尹殷 Ying应 You尤游 Yu于余俞喻虞郁 Yuan袁苑原 Yue岳 Yun云 Zang臧 Zeng曾 Zha查 Zhai翟 Zhan詹 Zhang张章 Zhao赵 Zhen甄 Zheng郑 Zhong钟仲 Zhou周 Zhu朱祝 Zhuang庄 Zong宗 Zou邹 Zu祖 Zuo左`;

/** @type {Map<string, string>} */
const SAID = new Map(READINGS.split(/\s/).flatMap((one) => {
  const [latin = ""] = /^[A-Zü]+/i.exec(one) ?? [];
  return [...one.slice(latin.length)].map((sign) => /** @type {[string, string]} */ ([sign, latin]));
}));

/** @param {string} surname @param {{lang: string}} words @returns {string} */
export const surnameIn = (surname, words) => (words.lang === "en" ? SAID.get(surname) ?? surname : surname);

/**
 * A person as others know one: the call sign and the first character of the surname.
 * @param {{call_sign: string, surname: string}} person @param {import("./words.js").Words} words
 */
export const nameOf = (person, words) => words.say("person", { call_sign: person.call_sign, surname: surnameIn(person.surname, words) });
