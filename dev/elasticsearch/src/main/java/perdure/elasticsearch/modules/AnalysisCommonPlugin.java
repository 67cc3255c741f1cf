package perdure.elasticsearch.modules;

import java.io.Reader;
import java.io.StringReader;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.function.IntPredicate;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import org.apache.lucene.analysis.Analyzer;
import org.apache.lucene.analysis.CharArraySet;
import org.apache.lucene.analysis.LowerCaseFilter;
import org.apache.lucene.analysis.TokenStream;
import org.apache.lucene.analysis.Tokenizer;
import org.apache.lucene.analysis.charfilter.HTMLStripCharFilter;
import org.apache.lucene.analysis.core.KeywordTokenizer;
import org.apache.lucene.analysis.core.LetterTokenizer;
import org.apache.lucene.analysis.core.UpperCaseFilter;
import org.apache.lucene.analysis.core.WhitespaceTokenizer;
import org.apache.lucene.analysis.en.EnglishAnalyzer;
import org.apache.lucene.analysis.en.EnglishMinimalStemFilter;
import org.apache.lucene.analysis.en.EnglishPossessiveFilter;
import org.apache.lucene.analysis.en.KStemFilter;
import org.apache.lucene.analysis.en.PorterStemFilter;
import org.apache.lucene.analysis.miscellaneous.ASCIIFoldingFilter;
import org.apache.lucene.analysis.miscellaneous.LengthFilter;
import org.apache.lucene.analysis.miscellaneous.RemoveDuplicatesTokenFilter;
import org.apache.lucene.analysis.miscellaneous.SetKeywordMarkerFilter;
import org.apache.lucene.analysis.miscellaneous.TrimFilter;
import org.apache.lucene.analysis.miscellaneous.WordDelimiterGraphFilter;
import org.apache.lucene.analysis.ngram.EdgeNGramTokenFilter;
import org.apache.lucene.analysis.ngram.EdgeNGramTokenizer;
import org.apache.lucene.analysis.ngram.NGramTokenFilter;
import org.apache.lucene.analysis.ngram.NGramTokenizer;
import org.apache.lucene.analysis.snowball.SnowballFilter;
import org.apache.lucene.analysis.synonym.SolrSynonymParser;
import org.apache.lucene.analysis.synonym.SynonymFilter;
import org.apache.lucene.analysis.synonym.SynonymGraphFilter;
import org.apache.lucene.analysis.synonym.SynonymMap;
import org.elasticsearch.common.settings.Settings;
import org.elasticsearch.env.Environment;
import org.elasticsearch.index.IndexService.IndexCreationContext;
import org.elasticsearch.index.analysis.Analysis;
import org.elasticsearch.index.analysis.AnalyzerProvider;
import org.elasticsearch.index.analysis.AnalyzerScope;
import org.elasticsearch.index.analysis.CharFilterFactory;
import org.elasticsearch.index.analysis.CustomAnalyzer;
import org.elasticsearch.index.analysis.NormalizingTokenFilterFactory;
import org.elasticsearch.index.analysis.PreBuiltAnalyzerProvider;
import org.elasticsearch.index.analysis.TokenFilterFactory;
import org.elasticsearch.index.analysis.TokenizerFactory;
import org.elasticsearch.indices.analysis.AnalysisModule.AnalysisProvider;
import org.elasticsearch.plugins.AnalysisPlugin;
import org.elasticsearch.plugins.Plugin;

/** The part of Elasticsearch's analysis-common that we use, under the real names and settings. */
public class AnalysisCommonPlugin extends Plugin implements AnalysisPlugin {
    private static final int WORD_DELIMITER_FLAGS = WordDelimiterGraphFilter.GENERATE_WORD_PARTS
        | WordDelimiterGraphFilter.GENERATE_NUMBER_PARTS
        | WordDelimiterGraphFilter.SPLIT_ON_CASE_CHANGE
        | WordDelimiterGraphFilter.SPLIT_ON_NUMERICS
        | WordDelimiterGraphFilter.STEM_ENGLISH_POSSESSIVE;

    private record Filter(String name, UnaryOperator<TokenStream> step) implements TokenFilterFactory {
        @Override
        public TokenStream create(TokenStream stream) {
            return step.apply(stream);
        }
    }

    /** May also stand in a normalizer. */
    private record NormalizingFilter(String name, UnaryOperator<TokenStream> step) implements NormalizingTokenFilterFactory {
        @Override
        public TokenStream create(TokenStream stream) {
            return step.apply(stream);
        }
    }

    @Override
    public Map<String, AnalysisProvider<TokenFilterFactory>> getTokenFilters() {
        Map<String, AnalysisProvider<TokenFilterFactory>> filters = new HashMap<>();
        filters.put("lowercase", normalizing(settings -> LowerCaseFilter::new));
        filters.put("uppercase", normalizing(settings -> UpperCaseFilter::new));
        filters.put("trim", normalizing(settings -> TrimFilter::new));
        filters.put("asciifolding", normalizing(settings -> {
            boolean preserve = settings.getAsBoolean("preserve_original", false);
            return stream -> new ASCIIFoldingFilter(stream, preserve);
        }));
        filters.put("stemmer", filter(settings -> stemmer(settings.get("language", settings.get("name", "porter")))));
        filters.put("porter_stem", filter(settings -> PorterStemFilter::new));
        filters.put("kstem", filter(settings -> KStemFilter::new));
        filters.put("remove_duplicates", filter(settings -> RemoveDuplicatesTokenFilter::new));
        filters.put("length", filter(settings -> {
            int min = settings.getAsInt("min", 0);
            int max = settings.getAsInt("max", Integer.MAX_VALUE);
            return stream -> new LengthFilter(stream, min, max);
        }));
        filters.put("keyword_marker", (index, environment, name, settings) -> {
            CharArraySet keywords = Analysis.getWordSet(environment, settings, "keywords");
            return new Filter(name, stream -> new SetKeywordMarkerFilter(stream, keywords));
        });
        filters.put("word_delimiter_graph", filter(settings ->
            stream -> new WordDelimiterGraphFilter(stream, WORD_DELIMITER_FLAGS, null)));
        filters.put("edge_ngram", filter(settings -> {
            int min = settings.getAsInt("min_gram", 1);
            int max = settings.getAsInt("max_gram", 1);
            boolean preserve = settings.getAsBoolean("preserve_original", false);
            return stream -> new EdgeNGramTokenFilter(stream, min, max, preserve);
        }));
        filters.put("ngram", filter(settings -> {
            int min = settings.getAsInt("min_gram", 1);
            int max = settings.getAsInt("max_gram", 2);
            boolean preserve = settings.getAsBoolean("preserve_original", false);
            return stream -> new NGramTokenFilter(stream, min, max, preserve);
        }));
        filters.put("synonym", synonyms(false));
        filters.put("synonym_graph", synonyms(true));
        return filters;
    }

    @Override
    public Map<String, AnalysisProvider<TokenizerFactory>> getTokenizers() {
        Map<String, AnalysisProvider<TokenizerFactory>> tokenizers = new HashMap<>();
        tokenizers.put("keyword", tokenizer(settings -> KeywordTokenizer::new));
        tokenizers.put("whitespace", tokenizer(settings -> WhitespaceTokenizer::new));
        tokenizers.put("letter", tokenizer(settings -> LetterTokenizer::new));
        tokenizers.put("edge_ngram", tokenizer(settings -> {
            int min = settings.getAsInt("min_gram", 1);
            int max = settings.getAsInt("max_gram", 2);
            IntPredicate belongs = tokenCharacters(settings);
            return () -> new EdgeNGramTokenizer(min, max) {
                @Override
                protected boolean isTokenChar(int character) {
                    return belongs.test(character);
                }
            };
        }));
        tokenizers.put("ngram", tokenizer(settings -> {
            int min = settings.getAsInt("min_gram", 1);
            int max = settings.getAsInt("max_gram", 2);
            IntPredicate belongs = tokenCharacters(settings);
            return () -> new NGramTokenizer(min, max) {
                @Override
                protected boolean isTokenChar(int character) {
                    return belongs.test(character);
                }
            };
        }));
        return tokenizers;
    }

    @Override
    public Map<String, AnalysisProvider<CharFilterFactory>> getCharFilters() {
        return Map.of("html_strip", (index, environment, name, settings) -> new CharFilterFactory() {
            @Override
            public String name() {
                return name;
            }

            @Override
            public Reader create(Reader reader) {
                return new HTMLStripCharFilter(reader);
            }
        });
    }

    @Override
    public Map<String, AnalysisProvider<AnalyzerProvider<? extends Analyzer>>> getAnalyzers() {
        return Map.of("english", (index, environment, name, settings) -> {
            CharArraySet stopWords = Analysis.parseStopWords(environment, settings, EnglishAnalyzer.getDefaultStopSet());
            CharArraySet unstemmed = Analysis.parseStemExclusion(settings, CharArraySet.EMPTY_SET);
            return new PreBuiltAnalyzerProvider(name, AnalyzerScope.INDEX, new EnglishAnalyzer(stopWords, unstemmed));
        });
    }

    private static AnalysisProvider<TokenFilterFactory> filter(Function<Settings, UnaryOperator<TokenStream>> configure) {
        return (index, environment, name, settings) -> new Filter(name, configure.apply(settings));
    }

    private static AnalysisProvider<TokenFilterFactory> normalizing(Function<Settings, UnaryOperator<TokenStream>> configure) {
        return (index, environment, name, settings) -> new NormalizingFilter(name, configure.apply(settings));
    }

    private static AnalysisProvider<TokenizerFactory> tokenizer(Function<Settings, Supplier<Tokenizer>> configure) {
        return (index, environment, name, settings) -> TokenizerFactory.newFactory(name, configure.apply(settings));
    }

    private static UnaryOperator<TokenStream> stemmer(String language) {
        return switch (language) {
            case "english", "porter" -> PorterStemFilter::new;
            case "porter2" -> stream -> new SnowballFilter(stream, "English");
            case "light_english", "lightEnglish", "kstem" -> KStemFilter::new;
            case "minimal_english", "minimalEnglish" -> EnglishMinimalStemFilter::new;
            case "possessive_english", "possessiveEnglish" -> EnglishPossessiveFilter::new;
            default -> throw new IllegalArgumentException("Unknown stemmer type: " + language);
        };
    }

    private static IntPredicate tokenCharacters(Settings settings) {
        IntPredicate any = null;
        for (String kind : settings.getAsList("token_chars")) {
            IntPredicate one = switch (kind) {
                case "letter" -> Character::isLetter;
                case "digit" -> Character::isDigit;
                case "whitespace" -> Character::isWhitespace;
                default -> throw new IllegalArgumentException("Unknown token type: '" + kind + "'");
            };
            any = any == null ? one : any.or(one);
        }
        return any == null ? character -> true : any;
    }

    private static AnalysisProvider<TokenFilterFactory> synonyms(boolean graph) {
        return AnalysisPlugin.requiresAnalysisSettings((index, environment, name, settings) ->
            new SynonymFactory(name, environment, settings, graph));
    }

    /** Rules in Solr's format, read with the tokenizer and the filters that stand before it in the chain. */
    private record SynonymFactory(String name, Environment environment, Settings settings, boolean graph)
        implements TokenFilterFactory {
        @Override
        public TokenStream create(TokenStream stream) {
            throw new IllegalStateException("Call getChainAwareTokenFilterFactory first");
        }

        @Override
        public TokenFilterFactory getChainAwareTokenFilterFactory(
            IndexCreationContext context,
            TokenizerFactory tokenizer,
            List<CharFilterFactory> charFilters,
            List<TokenFilterFactory> previous,
            Function<String, TokenFilterFactory> all
        ) {
            List<String> rules = Analysis.getWordList(environment, settings, "synonyms");
            if (rules == null)
                throw new IllegalArgumentException("synonym requires either `synonyms` or `synonyms_path` to be configured");
            SynonymMap map = parse(rules, new CustomAnalyzer(
                tokenizer,
                charFilters.toArray(CharFilterFactory[]::new),
                previous.stream().map(TokenFilterFactory::getSynonymFilter).toArray(TokenFilterFactory[]::new)));
            return new Filter(name, stream -> {
                if (map.fst == null) return stream;
                return graph ? new SynonymGraphFilter(stream, map, false) : new SynonymFilter(stream, map, false);
            });
        }

        private SynonymMap parse(List<String> rules, Analyzer analyzer) {
            try {
                SolrSynonymParser parser = new SolrSynonymParser(true, settings.getAsBoolean("expand", true), analyzer);
                parser.parse(new StringReader(String.join("\n", rules)));
                return parser.build();
            } catch (Exception failure) {
                throw new IllegalArgumentException("failed to build synonyms", failure);
            }
        }
    }
}
