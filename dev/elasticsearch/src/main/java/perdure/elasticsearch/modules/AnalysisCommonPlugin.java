package perdure.elasticsearch.modules;

import java.io.*;
import java.util.*;
import java.util.function.*;
import org.apache.lucene.analysis.*;
import org.apache.lucene.analysis.charfilter.*;
import org.apache.lucene.analysis.core.*;
import org.apache.lucene.analysis.LowerCaseFilter;
import org.apache.lucene.analysis.en.*;
import org.apache.lucene.analysis.miscellaneous.*;
import org.apache.lucene.analysis.ngram.*;
import org.apache.lucene.analysis.snowball.SnowballFilter;
import org.apache.lucene.analysis.synonym.*;
import org.elasticsearch.common.settings.Settings;
import org.elasticsearch.env.Environment;
import org.elasticsearch.index.IndexService.IndexCreationContext;
import org.elasticsearch.index.analysis.*;
import org.elasticsearch.index.analysis.CharFilterFactory;
import org.elasticsearch.index.analysis.TokenFilterFactory;
import org.elasticsearch.index.analysis.TokenizerFactory;
import org.elasticsearch.indices.analysis.AnalysisModule.AnalysisProvider;
import org.elasticsearch.plugins.*;

/** The part of ES's analysis-common we use, under the real names and settings. */
public class AnalysisCommonPlugin extends Plugin implements AnalysisPlugin {
    record F(String name, UnaryOperator<TokenStream> f) implements TokenFilterFactory {
        public TokenStream create(TokenStream t) { return f.apply(t); }
    }
    /** also allowed in a normalizer */
    record N(String name, UnaryOperator<TokenStream> f) implements NormalizingTokenFilterFactory {
        public TokenStream create(TokenStream t) { return f.apply(t); }
    }
    static AnalysisProvider<TokenFilterFactory> f(Function<Settings, UnaryOperator<TokenStream>> g) { return (i, e, n, s) -> new F(n, g.apply(s)); }
    static AnalysisProvider<TokenFilterFactory> n(Function<Settings, UnaryOperator<TokenStream>> g) { return (i, e, n, s) -> new N(n, g.apply(s)); }
    static AnalysisProvider<TokenizerFactory> t(Function<Settings, Supplier<Tokenizer>> g) { return (i, e, n, s) -> TokenizerFactory.newFactory(n, g.apply(s)); }

    static UnaryOperator<TokenStream> stemmer(String lang) {
        return switch (lang) {
            case "english", "porter" -> PorterStemFilter::new;
            case "porter2" -> t -> new SnowballFilter(t, "English");
            case "light_english", "lightEnglish", "kstem" -> KStemFilter::new;
            case "minimal_english", "minimalEnglish" -> EnglishMinimalStemFilter::new;
            case "possessive_english", "possessiveEnglish" -> EnglishPossessiveFilter::new;
            default -> throw new IllegalArgumentException("Unknown stemmer type: " + lang);
        };
    }

    @Override
    public Map<String, AnalysisProvider<TokenFilterFactory>> getTokenFilters() {
        Map<String, AnalysisProvider<TokenFilterFactory>> m = new HashMap<>();
        m.put("lowercase", n(s -> LowerCaseFilter::new));
        m.put("uppercase", n(s -> UpperCaseFilter::new));
        m.put("trim", n(s -> TrimFilter::new));
        m.put("asciifolding", n(s -> { boolean p = s.getAsBoolean("preserve_original", false); return t -> new ASCIIFoldingFilter(t, p); }));
        m.put("stemmer", f(s -> stemmer(s.get("language", s.get("name", "porter")))));
        m.put("porter_stem", f(s -> PorterStemFilter::new));
        m.put("kstem", f(s -> KStemFilter::new));
        m.put("remove_duplicates", f(s -> RemoveDuplicatesTokenFilter::new));
        m.put("length", f(s -> { int a = s.getAsInt("min", 0), b = s.getAsInt("max", Integer.MAX_VALUE); return t -> new LengthFilter(t, a, b); }));
        m.put("keyword_marker", (i, e, n, s) -> { CharArraySet w = Analysis.getWordSet(e, s, "keywords"); return new F(n, t -> new SetKeywordMarkerFilter(t, w)); });
        m.put("word_delimiter_graph", f(s -> t -> new WordDelimiterGraphFilter(t, WordDelimiterGraphFilter.GENERATE_WORD_PARTS | WordDelimiterGraphFilter.GENERATE_NUMBER_PARTS | WordDelimiterGraphFilter.SPLIT_ON_CASE_CHANGE | WordDelimiterGraphFilter.SPLIT_ON_NUMERICS | WordDelimiterGraphFilter.STEM_ENGLISH_POSSESSIVE, null)));
        m.put("edge_ngram", f(s -> { int a = s.getAsInt("min_gram", 1), b = s.getAsInt("max_gram", 1); boolean p = s.getAsBoolean("preserve_original", false); return t -> new EdgeNGramTokenFilter(t, a, b, p); }));
        m.put("ngram", f(s -> { int a = s.getAsInt("min_gram", 1), b = s.getAsInt("max_gram", 2); boolean p = s.getAsBoolean("preserve_original", false); return t -> new NGramTokenFilter(t, a, b, p); }));
        m.put("synonym", synonym(false));
        m.put("synonym_graph", synonym(true));
        return m;
    }

    /** Solr-format rules, read with the tokenizer and the filters that stand before it in the chain. */
    static AnalysisProvider<TokenFilterFactory> synonym(boolean graph) {
        return AnalysisPlugin.requiresAnalysisSettings((i, e, name, s) -> new TokenFilterFactory() {
            public String name() { return name; }
            public TokenStream create(TokenStream t) { throw new IllegalStateException("Call getChainAwareTokenFilterFactory first"); }
            public TokenFilterFactory getChainAwareTokenFilterFactory(IndexCreationContext c, TokenizerFactory tk, List<CharFilterFactory> cf,
                                                                      List<TokenFilterFactory> prev, Function<String, TokenFilterFactory> all) {
                List<String> rules = Analysis.getWordList(e, s, "synonyms");
                if (rules == null) throw new IllegalArgumentException("synonym requires either `synonyms` or `synonyms_path` to be configured");
                Analyzer a = new CustomAnalyzer(tk, cf.toArray(new CharFilterFactory[0]), prev.stream().map(TokenFilterFactory::getSynonymFilter).toArray(TokenFilterFactory[]::new));
                SynonymMap map;
                try {
                    SolrSynonymParser p = new SolrSynonymParser(true, s.getAsBoolean("expand", true), a);
                    p.parse(new StringReader(String.join("\n", rules)));
                    map = p.build();
                } catch (Exception x) { throw new IllegalArgumentException("failed to build synonyms", x); }
                return new F(name, t -> map.fst == null ? t : graph ? new SynonymGraphFilter(t, map, false) : new SynonymFilter(t, map, false));
            }
        });
    }

    @Override
    public Map<String, AnalysisProvider<TokenizerFactory>> getTokenizers() {
        Map<String, AnalysisProvider<TokenizerFactory>> m = new HashMap<>();
        m.put("keyword", t(s -> KeywordTokenizer::new));
        m.put("whitespace", t(s -> WhitespaceTokenizer::new));
        m.put("letter", t(s -> LetterTokenizer::new));
        m.put("edge_ngram", t(s -> { int a = s.getAsInt("min_gram", 1), b = s.getAsInt("max_gram", 2); var k = chars(s); return () -> new EdgeNGramTokenizer(a, b) { @Override protected boolean isTokenChar(int c) { return k.test(c); } }; }));
        m.put("ngram", t(s -> { int a = s.getAsInt("min_gram", 1), b = s.getAsInt("max_gram", 2); var k = chars(s); return () -> new NGramTokenizer(a, b) { @Override protected boolean isTokenChar(int c) { return k.test(c); } }; }));
        return m;
    }

    static IntPredicate chars(Settings s) {
        IntPredicate p = null;
        for (String c : s.getAsList("token_chars")) {
            IntPredicate q = switch (c) {
                case "letter" -> Character::isLetter;
                case "digit" -> Character::isDigit;
                case "whitespace" -> Character::isWhitespace;
                default -> throw new IllegalArgumentException("Unknown token type: '" + c + "'");
            };
            p = p == null ? q : p.or(q);
        }
        return p == null ? c -> true : p;
    }

    @Override
    public Map<String, AnalysisProvider<CharFilterFactory>> getCharFilters() {
        return Map.of("html_strip", (i, e, n, s) -> new CharFilterFactory() {
            public String name() { return n; }
            public Reader create(Reader r) { return new HTMLStripCharFilter(r); }
        });
    }

    @Override
    public Map<String, AnalysisProvider<AnalyzerProvider<? extends Analyzer>>> getAnalyzers() {
        return Map.of("english", (i, e, n, s) -> new PreBuiltAnalyzerProvider(n, AnalyzerScope.INDEX, new EnglishAnalyzer(
            Analysis.parseStopWords(e, s, EnglishAnalyzer.getDefaultStopSet()), Analysis.parseStemExclusion(s, CharArraySet.EMPTY_SET))));
    }
}
